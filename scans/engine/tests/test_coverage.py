"""What a report says it looked at to the end, so that others know what is no longer there."""

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
