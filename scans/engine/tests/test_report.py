"""A report is sent through a pipe as plain JSON values."""

import json
from dataclasses import asdict

from scans.engine.report import (
    Contact,
    ContactKind,
    PageEntry,
    RequestRecord,
    RobotsDecision,
    SitemapFile,
    SiteReport,
    Technology,
    Verdict,
)

FULL = SiteReport(
    domain="acme.test",
    started_at="2026-01-01T00:00:00+00:00",
    finished_at="2026-01-01T00:00:01+00:00",
    verdict=Verdict.PARKED,
    redirects=("http://acme.test/",),
    open_graph={"og:title": "Acme"},
    organisation={"name": "Acme", "same_as": ["https://x.example/"]},
    contacts=(Contact(ContactKind.EMAIL, "a@acme.test"),),
    technologies=(Technology("nginx", "web server"),),
    robots=RobotsDecision(sitemaps=("http://acme.test/sitemap.xml",)),
    sitemaps=(SitemapFile("http://acme.test/sitemap.xml"),),
    pages=(PageEntry("http://acme.test/"), PageEntry("http://acme.test/b", priority=0.5)),
    requests=(RequestRecord("http://acme.test/", 200),),
    timings={"read": 0.1},
    warnings=("Read over http.",),
)


def test_as_dict_says_what_the_standard_library_would() -> None:
    expected = asdict(FULL) | {"pages": [page._asdict() for page in FULL.pages]}
    assert json.dumps(FULL.as_dict()) == json.dumps(expected)


def test_enums_become_plain_strings() -> None:
    plain = FULL.as_dict()
    assert type(plain["verdict"]) is str
    assert type(plain["contacts"][0]["kind"]) is str


def test_an_empty_report_has_empty_lists() -> None:
    plain = SiteReport("a.test", "", "").as_dict()
    assert (plain["pages"], plain["contacts"], plain["robots"]["sitemaps"]) == ([], [], [])
