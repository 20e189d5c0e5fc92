"""Cache the robots.txt of every host that a scan meets."""

from urllib.parse import urlsplit

from scans.engine.errors import FailureReason, ScanError
from scans.engine.fetcher import Fetcher
from scans.engine.robots import Robots, read_robots

# Maximum hosts per site whose robots.txt is read; pages on further hosts are not requested.
MOST_HOSTS = 4

STOPS_THE_SCAN = frozenset({FailureReason.CANCELLED, FailureReason.DEADLINE_EXCEEDED})


class RobotsCache:
    """Decide whether a URL may be fetched, by the robots.txt of its host."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._by_host: dict[str, Robots] = {}
        # The rules of other sites.
        self._elsewhere: dict[str, Robots] = {}

    def read(self, origin: str) -> Robots:
        """Fetch and cache the robots.txt of an origin; raise ScanError if it is unreachable.

        If it redirects to another host's robots.txt, it applies to that host, too.
        """
        url = f"{origin}/robots.txt"
        robots = self._fetch(url)
        self._by_host[urlsplit(url).netloc] = robots
        self._fetcher.keep_gap(self._gap(robots))
        return robots

    def of(self, url: str) -> Robots | None:
        """Return the rules for a URL, or None if there are too many hosts."""
        parts = urlsplit(url)
        if parts.netloc in self._by_host:
            return self._by_host[parts.netloc]
        if len(self._by_host) >= MOST_HOSTS:
            return None
        return self.read(f"{parts.scheme}://{parts.netloc}")

    def known(self, url: str) -> Robots | None:
        """Return the rules for a URL if they have been read."""
        return self._by_host.get(urlsplit(url).netloc)

    def disallowed_by(self, url: str) -> str:
        """Return the line of an already read robots.txt that disallows a URL; empty if none."""
        robots = self.known(url)
        return robots.disallowed_by(url) if robots and robots.has_rules else ""

    def check(self, url: str) -> None:
        """Raise ScanError if robots.txt is obeyed and disallows a URL."""
        if not self._fetcher.limits.obey_robots:
            return
        robots = self.of(url)
        if robots is None or not robots.allowed(url):
            raise _disallowed(url)

    def check_homepage(self, url: str) -> None:
        """Raise ScanError unless the homepage may be fetched from this URL.

        If the rules are unknown, it may be fetched anywhere on the site.
        """
        if not self._fetcher.limits.obey_robots:
            return
        robots = self.of(url)
        if robots is None or (robots.known and not robots.allowed(url)):
            raise _disallowed(url)

    def check_elsewhere(self, url: str) -> None:
        """Raise ScanError if the robots.txt of another site disallows a URL.

        It is obeyed regardless of the options, which apply only to the scanned site.
        """
        parts = urlsplit(url)
        if parts.netloc not in self._elsewhere:
            robots_url = f"{parts.scheme}://{parts.netloc}/robots.txt"
            agent = self._fetcher.settings.user_agent
            self._elsewhere[parts.netloc] = read_robots(b"", 0, robots_url, "", agent)
            robots = self._elsewhere[parts.netloc] = self._fetch(robots_url)
            self._fetcher.keep_gap(min(robots.crawl_delay, self._fetcher.limits.max_crawl_delay))
        if not self._elsewhere[parts.netloc].allowed(url):
            raise _disallowed(url)

    def _fetch(self, url: str) -> Robots:
        limits, agent = self._fetcher.limits, self._fetcher.settings.user_agent
        try:
            answer = self._fetcher.fetch_page(
                url, max_bytes=limits.robots_bytes, retries=1, cut_endless=True
            )
        except ScanError as error:
            if error.reason in STOPS_THE_SCAN or _is_origin_dead(error, url):
                raise
            return read_robots(b"", 0, url, "", agent)
        robots = read_robots(answer.body, answer.status, answer.url, answer.content_type, agent)
        if urlsplit(answer.url).path == "/robots.txt":
            self._by_host[urlsplit(answer.url).netloc] = robots
        return robots

    def _gap(self, robots: Robots) -> float:
        limits = self._fetcher.limits
        if not limits.obey_robots:
            return limits.request_delay
        return min(robots.crawl_delay or 0.0, limits.max_crawl_delay)


def _disallowed(url: str) -> ScanError:
    host = urlsplit(url).hostname
    sentence = f"The robots.txt of {host} does not allow reading {url[:200]}."
    return ScanError(FailureReason.ROBOTS_DISALLOWED, sentence, url=url)


def _is_origin_dead(error: ScanError, url: str) -> bool:
    """Return whether the host is unreachable, not only its robots.txt."""
    unreachable = {
        FailureReason.DNS_NOT_FOUND,
        FailureReason.DNS_ERROR,
        FailureReason.CONNECTION_REFUSED,
        FailureReason.CONNECTION_TIMEOUT,
        FailureReason.TLS_ERROR,
        FailureReason.BLOCKED_ADDRESS,
    }
    return error.reason in unreachable and error.url == url
