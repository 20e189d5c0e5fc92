"""What a report declares as completely covered, so that missing findings count as gone."""

from typing import Any

import pytest

from scans.engine.limits import Limits
from scans.engine.report import Verdict
from scans.engine.tests import hostile_server as hostile
from scans.engine.tests.hostile_server import page
from scans.engine.tests.test_scanner import TEXT, scan, site, sitemap

WHOLE = {"pages": True, "sitemaps": True, "inventory": True}


def limits(**values: Any) -> Limits:
    return Limits(**({"connect_timeout": 1.0, "read_timeout": 1.0, "site_deadline": 20.0} | values))


def test_a_scan_that_met_no_limit_covers_everything() -> None:
    assert scan(site(sitemap__xml=sitemap("http://acme.test/about"))).coverage == WHOLE


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"sitemaps": False}, {"sitemaps", "inventory"}),
        ({"follow": False}, {"pages", "inventory"}),
        ({"max_pages": 2}, {"inventory"}),
    ],
)
def test_what_was_not_asked_for_is_not_covered(given: dict[str, Any], lacking: set[str]) -> None:
    covered = scan(site(), limits(**given)).coverage
    assert {name for name in WHOLE if not covered[name]} == lacking


def test_a_sitemap_that_was_cut_leaves_the_sitemaps_uncovered() -> None:
    urls = [f"http://acme.test/{number}" for number in range(9)]
    covered = scan(site(sitemap__xml=sitemap(*urls)), limits(max_pages=5)).coverage
    assert covered == {"pages": True, "sitemaps": False, "inventory": False}


def test_a_scan_cut_short_by_its_deadline_covers_nothing() -> None:
    report = scan(site(contact=hostile.drip), limits(read_timeout=9.0, site_deadline=1.5))
    assert report.warnings
    assert not any(report.coverage.values())


def test_a_wall_with_status_200_covers_nothing() -> None:
    wall = (
        "<html><title>Just a moment...</title><body>Checking your browser"
        "<script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script></body>"
    )
    report = scan(site() | {"/": page(wall, headers={"Server": "cloudflare"})})
    assert report.verdict is Verdict.CHALLENGE
    assert not any(report.coverage.values())


def test_a_sitemap_import_covers_the_sitemaps_alone() -> None:
    report = scan(site(contact=page(TEXT)), limits(sitemaps_only=True))
    assert report.coverage == {"sitemaps": True, "pages": False, "inventory": False}


@pytest.mark.parametrize(
    ("contact", "covered"),
    [
        (page("gone", "404 Not Found"), True),
        (page("gone", "410 Gone"), True),
        (page("busy", "503 Service Unavailable"), False),
        (hostile.hang_up, False),
        (page(TEXT + "<p>more</p>" * 300_000), False),
    ],
)
def test_pages_are_covered_only_where_none_may_have_been_missed(
    contact: hostile.Answer, covered: bool
) -> None:
    report = scan(site(contact=contact), limits(read_timeout=2.0, sitemaps=False))
    assert report.title == "Acme Anvils"
    assert report.coverage["pages"] is covered


def test_a_homepage_that_broke_off_leaves_the_pages_uncovered() -> None:
    def short(visit: hostile.Visit) -> None:
        visit.send(hostile.head(headers={"Content-Length": "99999"}) + TEXT.encode())
        raise hostile.Hangup

    assert scan({"/": short}, limits()).coverage["pages"] is False


def test_a_sitemap_that_cannot_be_read_for_now_leaves_the_sitemaps_uncovered() -> None:
    report = scan(site(sitemap__xml=page("busy", "503 Service Unavailable")), limits())
    assert report.coverage["sitemaps"] is False
    assert scan(site(sitemap__xml=page("no", "404 Not Found")), limits()).coverage["sitemaps"]
