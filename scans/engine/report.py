"""The report of one scan: plain frozen values, sent through a pipe as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

# Increase it when a field is renamed or changes its meaning; `scans.reports` reads all versions.
REPORT_VERSION = 2


class Verdict(StrEnum):
    """The verdict on a site that responded."""

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
    """A way to reach the people behind a site, with evidence."""

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
    # The person that the page names next to it, if `Limits.person_names` is set: name, position and
    # the evidence of both (page_url, snippet, method).
    person: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Technology:
    """A technology that the site uses."""

    name: str
    category: str
    website: str = ""
    version: str = ""
    # The match in readable form: `meta generator: WordPress 6.5`.
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class SitemapFile:
    """A sitemap that was listed or guessed, and exists."""

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
    """A page in the site's inventory; a tuple, for speed, because there may be 50,000."""

    url: str
    # home, sitemap, link.
    source: str = ""
    page_type: str = "other"
    # ISO 8601 as given in the sitemap; empty if missing or invalid.
    lastmod: str = ""
    changefreq: str = ""
    priority: float | None = None
    in_sitemap: bool = False
    # Linked from a page that was opened.
    is_linked: bool = False
    is_opened: bool = False
    # The robots.txt line that disallows it, whether or not the scan obeys; empty if none.
    disallowed_by: str = ""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """The record of one request: the request, the server and the response."""

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
    """All results of one scan; times are ISO 8601 in UTC, durations are in seconds."""

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
    # Page type -> number of pages, if `pages` does not contain all of them.
    page_types: dict[str, int] = field(default_factory=dict)
    requests: tuple[RequestRecord, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    # What was covered completely, so that anything not found there does not exist: `pages` (all
    # that were to be opened), `sitemaps`, `inventory` (links and sitemaps, no limit reached),
    # `people` (named next to contacts). Missing keys are false.
    coverage: dict[str, bool] = field(default_factory=dict)
    version: int = REPORT_VERSION

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values.

        `dataclasses.asdict` deep-copies every value, which takes ten times as long.
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
    """Return flat dataclasses of one type as dictionaries."""
    names = _names(type(items[0]))
    read = attrgetter(*names)
    return [dict(zip(names, read(item), strict=True)) for item in items]
