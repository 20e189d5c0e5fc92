"""Sitemaps of a site on other sites' hosts (sitemaps.org, "Cross submits").

Any index may name any address, so without this rule a site could turn the scanner on a third party.
"""

from collections import Counter
from collections.abc import Callable

from scans.engine.errors import FailureReason, ScanError
from scans.engine.links import is_internal, url_host

# Limits on foreign hosts to read sitemaps from, and on files per host.
MAX_HOSTS = 3
MAX_FILES = 5


class CrossSubmitError(ScanError):
    """A sitemap on a foreign host that is not read, and why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(FailureReason.HTTP_ERROR, sentence)


class CrossSubmits:
    """Decide which sitemaps outside the site's registrable domain are read.

    `check_robots` is called with each; it raises ScanError unless the robots.txt there lets it be
    read.
    """

    def __init__(self, host: str, check_robots: Callable[[str], None]) -> None:
        self._host = host
        self._check_robots = check_robots
        self._files: Counter[str] = Counter()
        self._internal: dict[str, bool] = {}

    def is_foreign(self, url: str) -> bool:
        """Return whether a URL is outside the site; decided once per origin."""
        origin = "/".join(url.split("/", 3)[:3])
        known = self._internal.get(origin)
        if known is None:
            known = self._internal[origin] = is_internal(origin, self._host)
        return not known

    def admit(self, url: str, is_listed: bool) -> None:
        """Count a sitemap about to be requested; raise ScanError if it must not be.

        `is_listed` says whether robots.txt, or an index that it lists, names the sitemap.
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
