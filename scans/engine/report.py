"""The report of one scan: plain frozen values that cross a pipe as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

# Raised when a field of a report is renamed or changes its meaning (`scans.reports` reads all).
REPORT_VERSION = 2


class Verdict(StrEnum):
    """What a site that answered is."""

    OK = "ok"
    PARKED = "parked"
    CHALLENGE = "challenge"
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    MOVED_ELSEWHERE = "moved_elsewhere"


class ContactKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    SOCIAL = "social"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach the people behind a site, with the evidence for it."""

    kind: ContactKind
    # E-mail in lower case, phone in E.164, social profile as its URL, address as one line.
    value: str
    # E-mail: corporate, service, free, unknown. Phone: its region (ISO 3166), `fax` appended as `US
    # fax`. Social: the network (facebook, x, linkedin, ...).
    label: str = ""
    page_url: str = ""
    snippet: str = ""
    # How it was found: mailto, text, cloudflare, json_ld, obfuscated, tel_link, link, ...
    method: str = ""
    confidence: float = 1.0
    # The parts of a postal address: street, postcode, town, region, country (ISO 3166).
    address: dict[str, str] | None = None
    # Who the page names beside it, where `Limits.person_names` is on: name, position and the
    # evidence of both (page_url, snippet, method).
    person: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Technology:
    """Something the site runs on."""

    name: str
    category: str
    website: str = ""
    version: str = ""
    # What matched, for a person: `meta generator: WordPress 6.5`.
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class SitemapFile:
    """One sitemap that was named or tried and exists."""

    url: str
    # urlset, index, rss, atom, text; empty if it could not be read.
    kind: str = ""
    # robots, well_known, html, index.
    source: str = ""
    parent_url: str = ""
    url_count: int = 0
    bytes: int = 0
    error: str = ""


class PageEntry(NamedTuple):
    """One page of the site's inventory; there are up to 50,000, and a tuple is made the fastest."""

    url: str
    # home, sitemap, link.
    source: str = ""
    page_type: str = "other"
    # ISO 8601 as the sitemap gave it, empty if it gave none that can be read.
    lastmod: str = ""
    changefreq: str = ""
    priority: float | None = None
    in_sitemap: bool = False
    # Linked from a page that was opened.
    is_linked: bool = False
    is_opened: bool = False
    # The line of robots.txt that disallows it, whether or not the scan obeys; empty for none.
    disallowed_by: str = ""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One line of the receipt: the request, the server and the response."""

    url: str
    status: int = 0
    bytes: int = 0
    ms: int = 0
    attempt: int = 1
    # Seconds since the scan began.
    at: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class RobotsDecision:
    """What robots.txt said, and how it was applied."""

    url: str = ""
    status: int = 0
    text: str = ""
    allowed: bool = True
    obeyed: bool = True
    crawl_delay: float = 0.0
    sitemaps: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class SiteReport:
    """Everything one scan of one site found; times are ISO 8601 in UTC, durations seconds."""

    domain: str
    started_at: str
    finished_at: str
    verdict: Verdict = Verdict.OK
    verdict_evidence: str = ""
    final_url: str = ""
    redirects: tuple[str, ...] = ()
    http_status: int = 0
    server_address: str = ""
    title: str = ""
    description: str = ""
    language: str = ""
    charset: str = ""
    canonical_url: str = ""
    favicon_url: str = ""
    logo_url: str = ""
    generator: str = ""
    open_graph: dict[str, str] = field(default_factory=dict)
    organisation: dict[str, Any] = field(default_factory=dict)
    feeds: tuple[str, ...] = ()
    meta_robots: str = ""
    x_robots_tag: str = ""
    contacts: tuple[Contact, ...] = ()
    technologies: tuple[Technology, ...] = ()
    robots: RobotsDecision = field(default_factory=RobotsDecision)
    sitemaps: tuple[SitemapFile, ...] = ()
    # The pages to store: all, those of a type other than `other`, or none (`Limits.inventory`).
    pages: tuple[PageEntry, ...] = ()
    # Page type -> number of pages, where `pages` does not hold all of them.
    page_types: dict[str, int] = field(default_factory=dict)
    requests: tuple[RequestRecord, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    # What was looked at to its end, so that what was not found there is not there: `pages` (all
    # that were to be opened), `sitemaps`, `inventory` (links and sitemaps, no limit met), `people`
    # (whom pages name beside contacts). A name that is missing is false.
    coverage: dict[str, bool] = field(default_factory=dict)
    version: int = REPORT_VERSION

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values.

        `dataclasses.asdict` copies every value deeply, which takes ten times as long.
        """
        values = {name: getattr(self, name) for name in _names(SiteReport)}
        for name, value in values.items():
            if isinstance(value, tuple):
                values[name] = _plain_items(value)
        values["verdict"] = self.verdict.value
        values["robots"] = {**_flat([self.robots])[0], "sitemaps": list(self.robots.sitemaps)}
        for contact in values["contacts"]:
            contact["kind"] = contact["kind"].value
        return values


def _names(kind: type) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


def _plain_items(items: tuple[Any, ...]) -> list[Any]:
    if items and isinstance(items[0], PageEntry):
        return [item._asdict() for item in items]
    return _flat(items) if items and is_dataclass(items[0]) else list(items)


def _flat(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Return dataclasses of one kind, whose fields are plain values, as dictionaries."""
    names = _names(type(items[0]))
    read = attrgetter(*names)
    return [dict(zip(names, read(item), strict=True)) for item in items]
