"""One site, one report: the stages of a scan in their order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from scans.engine.approach import Approach
from scans.engine.domains import same_site
from scans.engine.errors import FailureReason, ScanError
from scans.engine.extractors.contacts import merge_contacts
from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.page import read_page
from scans.engine.fetcher import Fetcher, Response, Stream
from scans.engine.inventory import Inventory
from scans.engine.limits import FetchSettings, Limits
from scans.engine.page_types import pick_pages
from scans.engine.report import RobotsDecision, SiteReport, Technology, Verdict
from scans.engine.robots_book import STOPS_THE_SCAN
from scans.engine.sitemaps import SitemapWalk, collect_sitemaps
from scans.engine.verdict import judge

StageListener = Callable[[str, float], None]

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
"""Each stage, and the progress a scan has made when it begins."""

WELL_KNOWN_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml")
"""Where sitemaps are looked for when neither robots.txt nor the homepage names one."""


def scan_site(
    domain: str,
    limits: Limits | None = None,
    *,
    fetcher: Fetcher | None = None,
    settings: FetchSettings | None = None,
    on_stage: StageListener | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> SiteReport:
    """Scan one site and return what it tells.

    Raises ScanError, with the requests made so far, for a site that cannot be scanned. A page or
    sitemap that fails is part of the report. A `fetcher` brings its own limits and settings.
    """
    if fetcher is None:
        fetcher = Fetcher(settings, limits, should_stop=should_stop)
    elif should_stop is not None:
        fetcher.budget.should_stop = should_stop
    try:
        return SiteScan(domain, fetcher, on_stage).run()
    except ScanError as error:
        fetcher.close()
        error.requests = tuple(fetcher.receipt)
        raise
    finally:
        fetcher.close()


class SiteScan:
    """What one scan knows so far."""

    def __init__(
        self, domain: str, fetcher: Fetcher, on_stage: StageListener | None = None
    ) -> None:
        self._fetcher = fetcher
        self._limits = fetcher.limits
        self._on_stage = on_stage
        self._stage, self._stage_began = "", 0.0
        self._started_at = datetime.now(UTC)
        self._timings: dict[str, float] = {}
        self._begin("resolve")
        self._approach = Approach(domain, fetcher)
        self._site_host = self._approach.host
        self._robots = RobotsDecision()
        self._home: Response | None = None
        self._pages: list[PageFacts] = []
        self._walk = SitemapWalk(files=[], entries=[])
        self._inventory = Inventory(self._site_host, self._limits.max_pages)
        self._verdict: tuple[Verdict, str] = (Verdict.OK, "")
        self._warnings: list[str] = []

    def run(self) -> SiteReport:
        """Go through the stages and return the report."""
        self._approach.resolve()
        self._begin("robots")
        robots = self._approach.read_robots()
        self._robots = robots.decision(f"{self._approach.origin}/", self._limits.obey_robots)
        try:
            self._gather()
        except ScanError as error:
            if error.reason is not FailureReason.DEADLINE_EXCEEDED or not self._has_findings():
                raise
            self._warnings.append(f"{error.sentence} The report holds what was found until then.")
        self._begin("categorise")
        self._inventory.add_sitemap(self._walk.entries)
        self._begin("verdict")
        self._judge()
        self._begin("")
        return self._report()

    def _gather(self) -> None:
        if not self._limits.sitemaps_only:
            self._begin("homepage")
            self._open_homepage()
            self._begin("read")
            self._read_homepage()
            if self._limits.follow and not self._has_moved():
                self._begin("follow")
                self._follow()
        if (self._limits.sitemaps or self._limits.sitemaps_only) and not self._has_moved():
            self._begin("sitemaps")
            self._collect_sitemaps()

    def _begin(self, stage: str) -> None:
        now = time.monotonic()
        if self._stage:
            self._timings[self._stage] = round(now - self._stage_began, 4)
        self._stage, self._stage_began = stage, now
        if stage and self._on_stage is not None:
            self._on_stage(stage, STAGES[stage])

    def _has_findings(self) -> bool:
        return bool(self._pages or self._walk.files)

    # The homepage.

    def _open_homepage(self) -> None:
        self._home = self._approach.open_homepage()
        self._warnings += self._approach.warnings
        robots = self._approach.book.known(self._home.url)
        if robots is not None:
            self._robots = robots.decision(self._home.url, self._limits.obey_robots)

    def _read_homepage(self) -> None:
        home = self._home
        if home is None:
            return
        page = _read(home)
        if not page.is_html and home.body.strip():
            raise _no_page(home)
        if home.truncated:
            self._warnings.append(
                f"Only the first {len(home.body):,} bytes of {home.url} were read."
            )
        self._pages.append(page)
        if not self._has_moved():
            self._site_host = urlsplit(home.url).hostname or self._site_host
        self._inventory.add_home(home.url)
        self._inventory.add_links(page.links)

    def _has_moved(self) -> bool:
        """Return whether the homepage turned out to be another site's."""
        if self._home is None:
            return False
        return not same_site(self._approach.host, urlsplit(self._home.url).hostname or "")

    # Further pages.

    def _follow(self) -> None:
        wanted = self._limits.fetch_pages - len(self._pages)
        for entry in pick_pages(self._inventory.entries, wanted):
            page = self._open_page(entry.url)
            if page is not None:
                self._pages.append(page)
                self._inventory.add_links(page.links)

    def _open_page(self, url: str) -> PageFacts | None:
        """Return a page of the site, None where it cannot be had: that is on the receipt."""
        try:
            self._approach.book.check(url)
            response = self._fetcher.fetch_page(url, retries=1, on_redirect=self._check_hop)
        except ScanError as error:
            if error.reason in STOPS_THE_SCAN:
                raise
            return None
        host = urlsplit(response.url).hostname or ""
        if response.status >= 400 or not same_site(host, self._site_host):
            return None
        page = _read(response)
        return page if page.is_html else None

    def _check_hop(self, url: str) -> None:
        if same_site(urlsplit(url).hostname or "", self._site_host):
            self._approach.book.check(url)

    # Sitemaps.

    def _collect_sitemaps(self) -> None:
        seeds = self._named_sitemaps() + self._well_known_sitemaps()
        self._walk = collect_sitemaps(seeds, self._open_stream, self._limits, self._site_host)
        self._warnings += self._walk.notes

    def _open_stream(self, url: str) -> Stream:
        return self._fetcher.open_stream(url, retries=1)

    def _named_sitemaps(self) -> list[tuple[str, str]]:
        linked = self._pages[0].sitemap_links if self._pages else ()
        named = [(url, "robots") for url in self._robots.sitemaps]
        return named + [(url, "html") for url in linked]

    def _well_known_sitemaps(self) -> list[tuple[str, str]]:
        base = self._home.url if self._home is not None else self._approach.origin
        parts = urlsplit(base)
        return [
            (f"{parts.scheme}://{parts.netloc}{path}", "well_known") for path in WELL_KNOWN_SITEMAPS
        ]

    # The report.

    def _judge(self) -> None:
        if self._home is not None and self._pages:
            self._verdict = judge(
                self._pages[0],
                status=self._home.status,
                requested_host=self._approach.host,
                final_url=self._home.url,
            )

    def _report(self) -> SiteReport:
        page = self._pages[0] if self._pages else PageFacts(url="")
        home = self._home
        return SiteReport(
            domain=self._approach.netloc,
            started_at=self._started_at.isoformat(),
            finished_at=datetime.now(UTC).isoformat(),
            verdict=self._verdict[0],
            verdict_evidence=self._verdict[1],
            final_url=home.url if home else "",
            redirects=home.redirects if home else (),
            http_status=home.status if home else 0,
            server_address=home.address if home else "",
            title=page.title,
            description=page.description,
            language=page.language,
            charset=page.charset,
            canonical_url=page.canonical_url,
            favicon_url=page.favicon_url,
            logo_url=page.logo_url,
            generator=page.generator,
            open_graph=page.open_graph,
            organisation=page.organisation,
            feeds=page.feeds,
            meta_robots=page.meta_robots,
            x_robots_tag=home.headers.get("X-Robots-Tag", "") if home else "",
            contacts=merge_contacts(page.contacts for page in self._pages),
            technologies=_merge_technologies(page.technologies for page in self._pages),
            robots=self._robots,
            sitemaps=tuple(self._walk.files),
            pages=self._inventory.entries,
            requests=tuple(self._fetcher.receipt),
            timings=self._timings,
            warnings=tuple(self._warnings),
        )


def _read(response: Response) -> PageFacts:
    return read_page(response.body, response.url, response.content_type, response.headers)


def _no_page(response: Response) -> ScanError:
    kind = response.content_type.partition(";")[0] or "of unknown type"
    sentence = f"{response.url[:200]} is not a web page but {kind[:80]}."
    return ScanError(FailureReason.UNSUPPORTED_CONTENT, sentence, url=response.url)


def _merge_technologies(lists: Iterable[Iterable[Technology]]) -> tuple[Technology, ...]:
    """Return each technology once, the sighting that names a version before one that does not."""
    best: dict[str, Technology] = {}
    for found in _flattened(lists):
        if found.name not in best or (found.version and not best[found.name].version):
            best[found.name] = found
    return tuple(best.values())


def _flattened(lists: Iterable[Iterable[Technology]]) -> Iterator[Technology]:
    for items in lists:
        yield from items
