"""Collect the results of a scan and build its report."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scans.engine.extractors.contacts import merge_contacts
from scans.engine.extractors.facts import PageFacts
from scans.engine.fetcher import Response
from scans.engine.report import (
    PageEntry,
    RequestRecord,
    RobotsDecision,
    SitemapFile,
    SiteReport,
    Technology,
    Verdict,
)


@dataclass(slots=True)
class Findings:
    """The results of a scan, filled in stage by stage."""

    domain: str
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    robots: RobotsDecision = field(default_factory=RobotsDecision)
    home: Response | None = None
    # The opened pages, homepage first.
    pages: list[PageFacts] = field(default_factory=list)
    sitemaps: list[SitemapFile] = field(default_factory=list)
    inventory: tuple[PageEntry, ...] = ()
    page_types: dict[str, int] = field(default_factory=dict)
    verdict: tuple[Verdict, str] = (Verdict.OK, "")
    timings: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    coverage: dict[str, bool] = field(default_factory=dict)

    def report(self, receipt: Iterable[RequestRecord]) -> SiteReport:
        """Return the report; `receipt` has the requests made."""
        page = self.pages[0] if self.pages else PageFacts(url="")
        home = self.home or Response("", 0, {}, b"")
        return SiteReport(
            domain=self.domain,
            started_at=self.started_at.isoformat(),
            finished_at=datetime.now(UTC).isoformat(),
            verdict=self.verdict[0],
            verdict_evidence=self.verdict[1],
            final_url=home.url,
            redirects=home.redirects,
            http_status=home.status,
            server_address=home.address,
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
            x_robots_tag=home.headers.get("X-Robots-Tag", ""),
            contacts=merge_contacts(page.contacts for page in self.pages),
            technologies=merge_technologies(page.technologies for page in self.pages),
            robots=self.robots,
            sitemaps=tuple(self.sitemaps),
            pages=self.inventory,
            page_types=self.page_types,
            requests=tuple(receipt),
            timings=self.timings,
            warnings=tuple(self.warnings),
            coverage=self.coverage,
        )


def merge_technologies(lists: Iterable[Iterable[Technology]]) -> tuple[Technology, ...]:
    """Return each technology once, preferring sightings with a version."""
    best: dict[str, Technology] = {}
    for technology in (technology for items in lists for technology in items):
        known = best.get(technology.name)
        if known is None or (technology.version and not known.version):
            best[technology.name] = technology
    return tuple(best.values())
