"""Cache the robots.txt of every host that a scan meets."""

from urllib.parse import urlsplit

from scans.engine.errors import FailureReason, ScanError
from scans.engine.fetcher import Fetcher
from scans.engine.robots import Robots, read_robots

# Hosts of one site whose robots.txt is read; pages of further ones are left alone.
MOST_HOSTS = 4

STOPS_THE_SCAN = frozenset({FailureReason.CANCELLED, FailureReason.DEADLINE_EXCEEDED})


class RobotsCache:
    """Answer whether a URL may be fetched, by the robots.txt of its host."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._by_host: dict[str, Robots] = {}
        # Those of other sites.
        self._elsewhere: dict[str, Robots] = {}

    def read(self, origin: str) -> Robots:
        """Fetch and keep the robots.txt of an origin; raise ScanError if that is unreachable.

        A robots.txt that redirects to the one of another host counts for that one too.
        """
        url = f"{origin}/robots.txt"
        robots = self._fetch(url)
        self._by_host[urlsplit(url).netloc] = robots
        self._fetcher.keep_gap(self._gap(robots))
        return robots

    def of(self, url: str) -> Robots | None:
        """Return the rules for a URL, or None if there are too many hosts to ask."""
        parts = urlsplit(url)
        if parts.netloc in self._by_host:
            return self._by_host[parts.netloc]
        if len(self._by_host) >= MOST_HOSTS:
            return None
        return self.read(f"{parts.scheme}://{parts.netloc}")

    def known(self, url: str) -> Robots | None:
        """Return the rules for a URL where they have been read."""
        return self._by_host.get(urlsplit(url).netloc)

    def disallowed_by(self, url: str) -> str:
        """Return the line of a robots.txt read before that disallows a URL, else nothing."""
        robots = self.known(url)
        return robots.disallowed_by(url) if robots and robots.has_rules else ""

    def check(self, url: str) -> None:
        """Raise ScanError unless robots.txt lets a URL be fetched, or is not obeyed."""
        if not self._fetcher.limits.obey_robots:
            return
        robots = self.of(url)
        if robots is None or not robots.allowed(url):
            raise _disallowed(url)

    def check_homepage(self, url: str) -> None:
        """Raise ScanError unless the homepage may be fetched from here.

        Where the rules are unknown it may, wherever on the site it stands.
        """
        if not self._fetcher.limits.obey_robots:
            return
        robots = self.of(url)
        if robots is None or (robots.known and not robots.allowed(url)):
            raise _disallowed(url)

    def check_elsewhere(self, url: str) -> None:
        """Raise ScanError unless the robots.txt of another site lets a URL be fetched.

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
