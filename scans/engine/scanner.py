"""Run the stages of a scan in order: one site, one report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from scans.engine.entry import Entry
from scans.engine.errors import FailureReason, ScanError
from scans.engine.extractors.facts import PageFacts
from scans.engine.fetcher import Fetcher, Stream
from scans.engine.findings import Findings
from scans.engine.homepage import Homepage, read_response
from scans.engine.hostnames import same_site
from scans.engine.inventory import Inventory, reported
from scans.engine.limits import FetchSettings, Limits
from scans.engine.links import canonical_url
from scans.engine.page_types import pick_pages
from scans.engine.report import PageEntry, SiteReport, Verdict
from scans.engine.robots_cache import STOPS_THE_SCAN
from scans.engine.session.budget import Stop
from scans.engine.sitemaps import ABSENT, SitemapEntry, collect_sitemaps
from scans.engine.well_known import well_known_paths

StageListener = Callable[[str, float], None]
# Called with a host and its addresses before connecting to them; may raise to end the scan.
ResolvedListener = Callable[[str, tuple[str, ...]], None]

# Each stage, and the progress at its start.
STAGES = {
    "resolve": 0.0,
    "robots": 0.05,
    "homepage": 0.15,
    "read": 0.35,
    "follow": 0.4,
    "sitemaps": 0.65,
    "categorise": 0.9,
    "verdict": 0.95,
}

# Page types worth opening even if only a sitemap lists them.
TELLING_TYPES = frozenset({"contact", "about", "legal", "team"})

# Failures after which an inner page may still exist.
TEMPORARY = frozenset(
    {
        FailureReason.DNS_ERROR,
        FailureReason.CONNECTION_REFUSED,
        FailureReason.CONNECTION_TIMEOUT,
        FailureReason.READ_TIMEOUT,
        FailureReason.RESPONSE_TOO_LARGE,
    }
)


def scan_site(
    domain: str,
    limits: Limits | None = None,
    *,
    fetcher: Fetcher | None = None,
    settings: FetchSettings | None = None,
    on_stage: StageListener | None = None,
    on_resolved: ResolvedListener | None = None,
    stop: Stop | None = None,
) -> SiteReport:
    """Scan one site and return its report.

    Raises ScanError, with the requests made so far, if the site cannot be scanned. Failed pages and
    sitemaps are part of the report. A `fetcher` has its own limits, settings and stop.
    """
    if fetcher is None:
        fetcher = Fetcher(settings, limits, stop=stop)
    try:
        return SiteScan(domain, fetcher, on_stage, on_resolved).run()
    except ScanError as error:
        fetcher.close()
        error.requests = tuple(fetcher.receipt)
        raise
    finally:
        fetcher.close()


class SiteScan:
    """One scan and its progress through the stages."""

    def __init__(
        self,
        domain: str,
        fetcher: Fetcher,
        on_stage: StageListener | None = None,
        on_resolved: ResolvedListener | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._limits = fetcher.limits
        self._on_stage = on_stage
        self._on_resolved = on_resolved
        self._stage, self._stage_started = "", 0.0
        self._findings = Findings(domain)
        self._begin("resolve")
        self._entry = Entry(domain, fetcher)
        self._findings.domain = self._entry.netloc
        self._inventory = Inventory(self._entry.host, self._limits.max_pages)
        self._opened: set[str] = set()
        self._answered: set[str] = set()
        # Whether a requested page could not be read, or not completely.
        self._missed = False
        self._sitemap_entries: list[SitemapEntry] = []

    def run(self) -> SiteReport:
        """Run the stages and return the report."""
        self._entry.resolve()
        if self._on_resolved is not None:
            self._on_resolved(*self._entry.resolved())
        self._begin("robots")
        robots = self._entry.read_robots()
        self._findings.robots = robots.decision(f"{self._entry.origin}/", self._limits.obey_robots)
        try:
            self._gather()
        except ScanError as error:
            if error.reason is not FailureReason.DEADLINE_EXCEEDED or not self._has_findings():
                raise
            left = f"{error.sentence} The report contains the results up to that point."
            self._findings.warnings.append(left)
        self._begin("verdict")
        if self._findings.verdict[0] is Verdict.CHALLENGE or self._is_error_page():
            self._findings.coverage.clear()  # the homepage is not the site's own
        self._begin("")
        self._fetcher.close()
        pages = self._inventory.described(self._read_urls(), self._entry.robots.disallowed_by)
        self._findings.inventory, self._findings.page_types = reported(
            pages, self._limits.inventory
        )
        return self._findings.report(self._fetcher.receipt)

    def _gather(self) -> None:
        if not self._limits.sitemaps_only:
            self._read_homepage()
        looks_further = not self._has_moved() and not self._is_error_page()
        follows = self._findings.home is not None and self._limits.follow and looks_further
        if follows:
            self._begin("follow")
            self._follow(self._inventory.entries)
        if self._limits.person_names:
            self._findings.coverage["people"] = True
        self._findings.coverage["sitemaps"] = False
        if (self._limits.sitemaps or self._limits.sitemaps_only) and looks_further:
            self._begin("sitemaps")
            self._collect_sitemaps()
        self._begin("categorise")
        self._inventory.add_sitemap(self._sitemap_entries)
        if follows:
            self._begin("follow")
            self._follow(entry for entry in self._inventory.entries if _is_telling(entry))
        coverage = self._findings.coverage
        coverage["pages"] = (follows or self._has_moved()) and not self._missed
        is_full_inventory = self._limits.inventory == "all" and not self._inventory.is_full
        coverage["inventory"] = follows and is_full_inventory and coverage["sitemaps"]

    def _begin(self, stage: str) -> None:
        """Time a stage, and announce it when it starts for the first time."""
        now = time.monotonic()
        if self._stage:
            spent = self._findings.timings.get(self._stage, 0.0) + now - self._stage_started
            self._findings.timings[self._stage] = round(spent, 4)
        self._stage, self._stage_started = stage, now
        if stage and stage not in self._findings.timings and self._on_stage is not None:
            self._on_stage(stage, STAGES[stage])

    def _has_findings(self) -> bool:
        return bool(self._findings.pages or self._findings.sitemaps)

    # The homepage

    def _read_homepage(self) -> None:
        self._begin("homepage")
        homepage = Homepage(self._entry, self._limits)
        self._findings.home = homepage.response
        self._begin("read")
        homepage.read()
        self._keep(homepage)
        homepage.compare_with_sibling()
        self._keep(homepage)
        self._list_homepage(homepage)

    def _keep(self, homepage: Homepage) -> None:
        """Set the homepage in the findings, replacing an earlier one."""
        self._findings.home = homepage.response
        self._findings.pages = [homepage.page]
        self._findings.verdict = homepage.verdict
        robots = self._entry.robots.known(homepage.response.url)
        if robots is not None:
            decision = robots.decision(homepage.response.url, self._limits.obey_robots)
            self._findings.robots = decision

    def _list_homepage(self, homepage: Homepage) -> None:
        home = homepage.response
        self._findings.warnings += homepage.warnings
        if home.truncated:
            self._missed = True
            read = f"Only the first {len(home.body):,} bytes of {home.url} were read"
            why = f": {home.broken_off}" if home.broken_off else "."
            self._findings.warnings.append(read + why)
        if not self._has_moved():
            self._inventory.host = urlsplit(home.url).hostname or self._inventory.host
        self._inventory.add_home(home.url)
        self._inventory.add_links(homepage.page.links)

    def _has_moved(self) -> bool:
        """Return whether the homepage belongs to another site."""
        if self._findings.home is None:
            return False
        return not same_site(self._entry.host, urlsplit(self._findings.home.url).hostname or "")

    def _is_error_page(self) -> bool:
        """Return whether the homepage is an error page, such as a bot wall or maintenance."""
        return self._findings.home is not None and self._findings.home.status >= 400

    def _read_urls(self) -> set[str]:
        """Return the canonical URLs of the pages that were read."""
        return self._answered | {
            canonical_url(page.url) or page.url for page in self._findings.pages
        }

    # Further pages

    def _follow(self, entries: Iterable[PageEntry]) -> None:
        """Open the most promising unopened pages."""
        count = self._limits.fetch_pages - 1 - len(self._opened)
        if count <= 0:
            return
        fresh = (entry for entry in entries if entry.url not in self._opened)
        for entry in pick_pages(fresh, count):
            self._opened.add(entry.url)
            page = self._open_page(entry.url)
            if page is not None:
                self._answered.add(entry.url)
                self._findings.pages.append(page)
                self._inventory.add_links(page.links)

    def _open_page(self, url: str) -> PageFacts | None:
        """Return a page of the site, or None if it cannot be fetched, which is recorded."""
        try:
            self._entry.robots.check(url)
            response = self._fetcher.fetch_page(url, retries=1, on_redirect=self._check_hop)
        except ScanError as error:
            if error.reason in STOPS_THE_SCAN:
                raise
            self._missed = self._missed or error.reason in TEMPORARY
            return None
        if response.status >= 400:
            self._missed = self._missed or response.status not in ABSENT
            return None
        self._missed = self._missed or response.truncated
        page = read_response(response, self._limits)
        return page if page.is_html else None

    def _check_hop(self, url: str) -> None:
        """Raise ScanError if an inner page redirects to another site or to a disallowed URL."""
        host = urlsplit(url).hostname or ""
        if not same_site(host, self._inventory.host):
            sentence = f"The page redirects to another site, {host}."
            raise ScanError(FailureReason.HTTP_ERROR, sentence, url=url)
        self._entry.robots.check(url)

    # Sitemaps

    def _collect_sitemaps(self) -> None:
        seeds = self._named_sitemaps() + self._well_known_sitemaps()
        check_robots = self._entry.robots.check_elsewhere
        walk = collect_sitemaps(
            seeds, self._open_stream, self._limits, self._inventory.host, check_robots
        )
        self._findings.sitemaps = walk.files
        self._findings.warnings += walk.notes
        self._findings.coverage["sitemaps"] = walk.is_complete
        self._sitemap_entries = walk.entries

    def _open_stream(self, url: str, on_redirect: Callable[[str], None]) -> Stream:
        return self._fetcher.open_stream(url, retries=1, on_redirect=on_redirect)

    def _named_sitemaps(self) -> list[tuple[str, str]]:
        linked = self._findings.pages[0].sitemap_links if self._findings.pages else ()
        named = [(url, "robots") for url in self._findings.robots.sitemaps]
        return named + [(url, "html") for url in linked]

    def _well_known_sitemaps(self) -> list[tuple[str, str]]:
        base = self._findings.home.url if self._findings.home is not None else self._entry.origin
        parts = urlsplit(base)
        paths = well_known_paths(self._findings.pages[0] if self._findings.pages else None)
        return [(f"{parts.scheme}://{parts.netloc}{path}", "well_known") for path in paths]


def _is_telling(entry: PageEntry) -> bool:
    return entry.source == "sitemap" and entry.page_type in TELLING_TYPES
