"""Find a site's working origin, its robots.txt and its homepage."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from scans.engine.errors import FailureReason, ScanError
from scans.engine.extractors.page import read_page
from scans.engine.fetcher import Fetcher, Response
from scans.engine.hostnames import (
    InvalidDomain,
    names_www,
    normalise,
    registrable_domain,
    same_site,
)
from scans.engine.report import Verdict
from scans.engine.robots import Robots
from scans.engine.robots_cache import STOPS_THE_SCAN, RobotsCache
from scans.engine.session.failures import ConnectionDroppedError
from scans.engine.verdict import judge

# Failures after which the next variant of the address (http, www) is tried.
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

# Verdicts that an error page may have.
STAND_INS = frozenset({Verdict.PARKED, Verdict.PLACEHOLDER})

# Ranks failures, to report the best one if several addresses failed differently.
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
    """Find an origin of the site that responds: https before http, the entered name first.

    `www.example.com` and `example.com` are siblings: often only one of them has the certificate or
    the site.
    """

    def __init__(self, domain: str, fetcher: Fetcher) -> None:
        try:
            name = normalise(domain, fetcher.settings.allowed_networks)
        except InvalidDomain as error:
            raise ScanError(FailureReason.INVALID_DOMAIN, str(error)) from error
        # The site as `host` or `host:port`, without `www.`.
        self.netloc = name
        self.host = urlsplit(f"//{name}").hostname or name
        # The address in use, `https://example.com`.
        self.origin = ""
        self.robots = RobotsCache(fetcher)
        self.warnings: list[str] = []
        self._fetcher = fetcher
        self._failures: list[ScanError] = []
        self._names = self._siblings(names_www(domain))
        # The first origin whose error page is recognised, and that page.
        self._stand_in: tuple[str, Response] | None = None
        self._tried: set[str] = set()
        self._tried_addresses: set[tuple[str, tuple[str, ...]]] = set()
        self._candidates = self._origins()
        port = urlsplit(f"//{name}").port
        if port:
            fetcher.allow_port(port)

    def resolve(self) -> None:
        """Find the first origin whose host resolves to addresses that may be scanned."""
        self._next_origin()

    def resolved(self) -> tuple[str, tuple[str, ...]]:
        """Return the origin's host and the addresses it resolved to."""
        parts = urlsplit(self.origin)
        return parts.hostname or self.host, self._addresses(parts.scheme, parts.netloc)

    def read_robots(self) -> Robots:
        """Return the robots.txt of the first origin that accepts a connection."""
        while True:
            try:
                return self.robots.read(self.origin)
            except ScanError as error:
                self._note(error)
            self._next_origin()

    def open_homepage(self) -> Response:
        """Return the homepage of the first origin that has one.

        Error pages do not count, except bot walls, which are a result. A maintenance, default or
        parking page is returned if no origin has anything better.
        """
        while True:
            try:
                response = self.open_page(f"{self.origin}/")
            except ScanError as error:
                self._note(error)
            else:
                self._warn_of_failures()
                return response
            try:
                self._next_origin()
            except ScanError:
                if self._stand_in is None:
                    raise
                self.origin, response = self._stand_in
                return response

    def open_sibling(self) -> Response | None:
        """Return the homepage of the site's other name; None if there is none or it was tried."""
        for name in self._names[1:]:
            for scheme in ("https", "http"):
                origin = f"{scheme}://{name}"
                if origin in self._tried or not self._addresses(scheme, name):
                    continue
                self._tried.add(origin)
                try:
                    return self.open_page(f"{origin}/")
                except ScanError as error:
                    if error.reason in STOPS_THE_SCAN:
                        raise
        return None

    def open_page(self, url: str) -> Response:
        """Return the page at an address of the site; raise ScanError for an error page."""
        self._check_robots(url)
        retries = 0 if self._answered() or self._is_sibling(url) else None
        response = self._fetcher.fetch_page(url, retries=retries, on_redirect=self._check_robots)
        if response.status >= 400 and self._verdict_on(response) is not Verdict.CHALLENGE:
            sentence = f"{response.url[:200]} returned status {response.status}."
            raise ScanError(FailureReason.HTTP_ERROR, sentence, url=response.url)
        return response

    def _check_robots(self, url: str) -> None:
        """Raise ScanError if the site's robots.txt disallows its homepage; ignore other sites."""
        if same_site(urlsplit(url).hostname or "", self.host):
            self.robots.check_homepage(url)

    def _verdict_on(self, response: Response) -> Verdict:
        """Return the verdict on an error page; remember the first one that replaces the site."""
        page = read_page(response.body, response.url, response.content_type, response.headers)
        verdict, _ = judge(
            page,
            status=response.status,
            requested_host=self.host,
            final_url=response.url,
            headers=response.headers,
        )
        if verdict in STAND_INS and self._stand_in is None:
            self._stand_in = self.origin, response
        return verdict

    # Trying one origin after another

    def _next_origin(self) -> None:
        origin = next(self._candidates, "")
        if not origin:
            raise min(self._failures, key=_rank)
        self.origin = origin

    def _siblings(self, is_www: bool) -> tuple[str, ...]:
        """Return the entered name, and its variant with or without `www.` if there can be one."""
        bare, www = self.netloc, f"www.{self.netloc}"
        if is_www and not self.netloc.startswith("www."):
            return (www, bare)
        is_domain = "." in self.host and bare == registrable_domain(self.host)
        return (bare, www) if is_domain and not self.host[-1].isdigit() else (bare,)

    def _origins(self) -> Iterator[str]:
        """Yield the addresses to try, depending on how the previous ones failed."""
        first, *others = self._names
        yield from self._untried("https", first)
        if self._failed_by(FailureReason.TLS_ERROR):  # the certificate may be the sibling's
            for name in others:
                yield from self._untried("https", name)
        yield from self._untried("http", first)
        for name in others:
            yield from self._untried("https", name)
            yield from self._untried("http", name)

    def _untried(self, scheme: str, name: str) -> Iterator[str]:
        """Yield an origin unless its server has failed in a way that does not depend on the name.

        A server that refuses connections or does not answer will do so under any name.
        """
        origin = f"{scheme}://{name}"
        if origin in self._tried:
            return
        self._tried.add(origin)
        addresses = self._addresses(scheme, name)
        is_new = (scheme, addresses) not in self._tried_addresses
        self._tried_addresses.add((scheme, addresses))
        if addresses and (is_new or self._failed_under_this_name()):
            yield origin

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
        """Return whether a server has responded so far, so that its other name may work."""
        return self._failed_by(FailureReason.HTTP_ERROR)

    def _failed_under_this_name(self) -> bool:
        """Return whether a server failed in a way that may depend on the name."""
        dropped = any(isinstance(failure, ConnectionDroppedError) for failure in self._failures)
        return dropped or self._answered() or self._failed_by(FailureReason.TLS_ERROR)

    def _failed_by(self, reason: FailureReason) -> bool:
        return any(failure.reason is reason for failure in self._failures)

    def _is_sibling(self, url: str) -> bool:
        return urlsplit(url).netloc in self._names[1:]

    def _note(self, error: ScanError) -> None:
        if error.reason not in WORTH_ANOTHER_TRY:
            raise error
        self._failures.append(error)

    def _warn_of_failures(self) -> None:
        """Return a warning about why the site was not read at its preferred address."""
        telling = [failure for failure in self._failures if _says_something(failure)]
        for failure in telling[:1]:
            is_sibling = self._is_sibling(self.origin)
            where = f"at {urlsplit(self.origin).hostname}" if is_sibling else "over http"
            self.warnings.append(f"Read {where}. {failure.sentence}")


def _says_something(failure: ScanError) -> bool:
    is_drop = isinstance(failure, ConnectionDroppedError)
    return is_drop or failure.reason is FailureReason.TLS_ERROR


def _rank(failure: ScanError) -> tuple[int, bool]:
    known = failure.reason in MOST_TELLING
    rank = MOST_TELLING.index(failure.reason) if known else len(MOST_TELLING)
    return rank, not failure.url  # among equals, prefer one that was actually requested
