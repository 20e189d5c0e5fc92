"""Sitemaps of a site on the hosts of other sites (sitemaps.org, "Cross submits").

An index may name any URL, so without this rule a site could direct the scanner at a third party.
"""

from collections import Counter
from collections.abc import Callable

from scans.engine.errors import FailureReason, ScanError
from scans.engine.links import is_internal, url_host

# Maximum number of foreign hosts to read sitemaps from, and of files per host.
MAX_HOSTS = 3
MAX_FILES = 5


class CrossSubmitError(ScanError):
    """The reason why a sitemap on a foreign host is not read."""

    def __init__(self, sentence: str) -> None:
        super().__init__(FailureReason.HTTP_ERROR, sentence)


class CrossSubmits:
    """Decide which sitemaps outside the site's registrable domain are read.

    `check_robots` is called with each URL; it raises ScanError if the host's robots.txt disallows
    it.
    """

    def __init__(self, host: str, check_robots: Callable[[str], None]) -> None:
        self._host = host
        self._check_robots = check_robots
        self._files: Counter[str] = Counter()
        self._internal: dict[str, bool] = {}

    def is_foreign(self, url: str) -> bool:
        """Return whether a URL is outside the site; cached per origin."""
        origin = "/".join(url.split("/", 3)[:3])
        known = self._internal.get(origin)
        if known is None:
            known = self._internal[origin] = is_internal(origin, self._host)
        return not known

    def admit(self, url: str, is_listed: bool) -> None:
        """Count a sitemap about to be requested; raise ScanError if it may not be.

        `is_listed` says whether robots.txt, or an index listed there, names the sitemap.
        """
        if not self.is_foreign(url):
            return
        host = url_host(url)
        if not is_listed:
            raise CrossSubmitError(
                f"It redirects to another site, {host}, which robots.txt does not list."
            )
        if host not in self._files and len(self._files) >= MAX_HOSTS:
            raise CrossSubmitError(
                f"Sitemaps are read from at most {MAX_HOSTS} hosts of other sites."
            )
        if self._files[host] >= MAX_FILES:
            raise CrossSubmitError(f"At most {MAX_FILES} are read from another site, {host}.")
        self._files[host] += 1
        self._check_robots(url)
