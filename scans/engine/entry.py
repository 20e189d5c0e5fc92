"""The way into a site: which of its addresses answers, what its robots.txt allows, its homepage."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from scans.engine.errors import FailureReason, ScanError
from scans.engine.extractors.page import read_page
from scans.engine.fetcher import Fetcher, Response
from scans.engine.hostnames import InvalidDomain, normalise, registrable_domain, same_site
from scans.engine.report import Verdict
from scans.engine.robots import Robots
from scans.engine.robots_cache import STOPS_THE_SCAN, RobotsCache
from scans.engine.verdict import judge

# Failures after which the next spelling of the address (http, www) is tried.
WORTH_ANOTHER_TRY = frozenset(
    {
        FailureReason.DNS_NOT_FOUND,
        FailureReason.DNS_ERROR,
        FailureReason.CONNECTION_REFUSED,
        FailureReason.CONNECTION_TIMEOUT,
        FailureReason.TLS_ERROR,
        FailureReason.HTTP_ERROR,
    }
)

# Which failure to report where several addresses failed, each in its way.
MOST_TELLING = (
    FailureReason.BLOCKED_ADDRESS,
    FailureReason.TLS_ERROR,
    FailureReason.HTTP_ERROR,
    FailureReason.READ_TIMEOUT,
    FailureReason.CONNECTION_TIMEOUT,
    FailureReason.CONNECTION_REFUSED,
    FailureReason.DNS_ERROR,
    FailureReason.DNS_NOT_FOUND,
)


class Entry:
    """Find the origin of a site that answers: https before http, the bare name before www."""

    def __init__(self, domain: str, fetcher: Fetcher) -> None:
        try:
            name = normalise(domain, fetcher.settings.allowed_networks)
        except InvalidDomain as error:
            raise ScanError(FailureReason.INVALID_DOMAIN, str(error)) from error
        # The site as `host` or `host:port`.
        self.netloc = name
        self.host = urlsplit(f"//{name}").hostname or name
        # The address in use, `https://example.com`.
        self.origin = ""
        self.book = RobotsCache(fetcher)
        self.warnings: list[str] = []
        self._fetcher = fetcher
        self._failures: list[ScanError] = []
        self._candidates = self._resolved_origins()
        port = urlsplit(f"//{name}").port
        if port:
            fetcher.allow_port(port)

    def resolve(self) -> None:
        """Find the first origin whose host resolves to addresses that may be scanned."""
        self._next_origin()

    def resolved(self) -> tuple[str, tuple[str, ...]]:
        """Return the host of the origin, and the addresses it resolved to."""
        parts = urlsplit(self.origin)
        return parts.hostname or self.host, self._addresses(parts.scheme, parts.netloc)

    def read_robots(self) -> Robots:
        """Return the robots.txt of the first origin that accepts a connection."""
        while True:
            try:
                return self.book.read(self.origin)
            except ScanError as error:
                self._note(error)
            self._next_origin()

    def open_homepage(self) -> Response:
        """Return the homepage of the first origin that has one.

        An error page is none, unless it is the wall of a bot check: that is a finding.
        """
        while True:
            try:
                response = self.open_page(f"{self.origin}/")
            except ScanError as error:
                self._note(error)
            else:
                self._warn_of_failures()
                return response
            self._next_origin()

    def open_page(self, url: str) -> Response:
        """Return the page at the site's front door; raise ScanError for an error page."""
        self._check_robots(url)
        retries = 0 if self._answered() else None
        response = self._fetcher.fetch_page(url, retries=retries, on_redirect=self._check_robots)
        if response.status >= 400 and not self._is_wall(response):
            sentence = f"{response.url[:200]} answered with status {response.status}."
            raise ScanError(FailureReason.HTTP_ERROR, sentence, url=response.url)
        return response

    def _check_robots(self, url: str) -> None:
        """Raise ScanError unless the site lets its homepage be read; other sites are not asked."""
        if same_site(urlsplit(url).hostname or "", self.host):
            self.book.check_homepage(url)

    def _is_wall(self, response: Response) -> bool:
        page = read_page(response.body, response.url, response.content_type, response.headers)
        verdict, _ = judge(
            page,
            status=response.status,
            requested_host=self.host,
            final_url=response.url,
            headers=response.headers,
        )
        return verdict is Verdict.CHALLENGE

    # Going from one origin to the next.

    def _next_origin(self) -> None:
        origin = next(self._candidates, "")
        if not origin:
            raise min(self._failures, key=_rank)
        self.origin = origin

    def _resolved_origins(self) -> Iterator[str]:
        tried: set[tuple[str, tuple[str, ...]]] = set()
        for host in self._spellings():
            for scheme in ("https", "http"):
                addresses = self._addresses(scheme, host)
                if addresses and (self._answered() or (scheme, addresses) not in tried):
                    yield f"{scheme}://{host}"
                tried.add((scheme, addresses))

    def _spellings(self) -> tuple[str, ...]:
        if self.netloc == registrable_domain(self.host):
            return (self.netloc, f"www.{self.netloc}")
        return (self.netloc,)

    def _addresses(self, scheme: str, netloc: str) -> tuple[str, ...]:
        parts = urlsplit(f"{scheme}://{netloc}")
        port = parts.port or (443 if scheme == "https" else 80)
        try:
            return self._fetcher.resolve(scheme, parts.hostname or "", port)
        except ScanError as error:
            if error.reason in STOPS_THE_SCAN:
                raise
            self._failures.append(error)
            return ()

    def _answered(self) -> bool:
        """Return whether a server answered so far: then another name of it may answer better."""
        return any(failure.reason is FailureReason.HTTP_ERROR for failure in self._failures)

    def _note(self, error: ScanError) -> None:
        if error.reason not in WORTH_ANOTHER_TRY:
            raise error
        self._failures.append(error)

    def _warn_of_failures(self) -> None:
        tls = [failure for failure in self._failures if failure.reason is FailureReason.TLS_ERROR]
        self.warnings += [f"Read over http. {failure.sentence}" for failure in tls[:1]]


def _rank(failure: ScanError) -> tuple[int, bool]:
    known = failure.reason in MOST_TELLING
    rank = MOST_TELLING.index(failure.reason) if known else len(MOST_TELLING)
    return rank, not failure.url  # among equals, one that was asked says more
