"""Changes between two scans of a domain, and what is marked as gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags
from uuid_utils.compat import uuid7

from batches.tests.outcomes import report_of
from scans import results
from scans.engine.report import (
    Contact,
    ContactKind,
    PageEntry,
    RequestRecord,
    SitemapFile,
    Technology,
    Verdict,
)
from scans.history import Change, changes_between, scan_before
from scans.models import Contact as ContactRow
from scans.models import Domain, Page, Scan, Sitemap
from scans.models import Technology as TechnologyRow
from scans.results import SiteResult
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOME, CONTACT = "https://a.example/", "https://a.example/contact"
WHOLE = {"pages": True, "sitemaps": True, "inventory": True}


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    ensure_domains(tenant=default_tenant, hosts=["a.example"])
    return Domain.objects.get()


def scan(domain: Domain, day: int, *, is_import: bool = False, **facts: Any) -> datetime:
    """Store a scan that ended some days after the first; return its end."""
    now = START + timedelta(days=day)
    report = report_of(domain.host, **facts).as_dict()
    report |= {"started_at": now.isoformat(), "finished_at": now.isoformat()}
    scan_id = None if is_import else uuid7()
    results.save([SiteResult(domain.tenant_id, domain.pk, None, report, scan_id)], [], now=now)
    domain.refresh_from_db()
    return now


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    reports = [report_of("a.example", **facts).as_dict() for facts in (before, after)]
    return changes_between(*reports)


def mail(value: str, page: str = "") -> Contact:
    return Contact(ContactKind.EMAIL, value, page_url=page)


def asked(*urls: str, status: int = 200) -> tuple[RequestRecord, ...]:
    return tuple(RequestRecord(url, status) for url in urls)


# Differences


def test_two_equal_reports_hold_no_change() -> None:
    assert changes({}, {}) == []


def test_facts_are_told_before_and_after() -> None:
    result = changes(
        {"title": "Old", "server_address": "192.0.2.1"},
        {
            "title": "New",
            "server_address": "192.0.2.2",
            "verdict": Verdict.PARKED,
            "final_url": "https://b.example/",
        },
    )
    assert [(change.field, change.before, change.after) for change in result] == [
        ("verdict", "ok", "parked"),
        ("title", "Old", "New"),
        ("final_url", "https://a.example/", "https://b.example/"),
        ("server_address", "192.0.2.1", "192.0.2.2"),
    ]


def test_lists_are_told_by_what_they_gained_and_lost() -> None:
    result = changes(
        {"contacts": (mail("a@x.de"), mail("b@x.de")), "technologies": (Technology("A", "CMS"),)},
        {"contacts": (mail("b@x.de"), mail("c@x.de")), "technologies": (Technology("B", "CMS"),)},
    )
    assert [(change.field, change.added, change.removed) for change in result] == [
        ("contacts", ("c@x.de",), ("a@x.de",)),
        ("technologies", ("B",), ("A",)),
    ]


def test_sitemaps_are_told_by_their_number() -> None:
    (change,) = changes({}, {"sitemaps": ()})
    assert (change.field, change.before, change.after) == ("sitemaps", "1", "0")


def test_what_a_scan_did_not_look_at_is_no_change() -> None:
    assert changes({}, {"contacts": (), "technologies": (), "sitemaps": (), "coverage": {}}) == []


# Gone


def test_rescanning_never_raises_and_never_loses_first_seen(domain: Domain) -> None:
    first = scan(domain, 0)
    for day in (1, 9, 30):
        scan(domain, day)
    for rows in (ContactRow, TechnologyRow, Sitemap, Page):
        kept = rows._default_manager.all()
        assert kept.exists()
        assert set(kept.values_list("first_seen", flat=True)) == {first}
    assert Scan.objects.count() == 4


def test_what_was_gone_and_is_back_is_gone_no_more(domain: Domain) -> None:
    first = scan(domain, 0)
    scan(domain, 1, contacts=(), technologies=(), sitemaps=())
    gone = [rows._default_manager.get_queryset() for rows in (ContactRow, TechnologyRow, Sitemap)]
    assert [rows.filter(gone_at=None).exists() for rows in gone] == [False] * 3
    scan(domain, 2)
    assert [rows.exclude(gone_at=None).exists() for rows in gone] == [False] * 3
    assert {row.first_seen for rows in gone for row in rows} == {first}


def test_a_scan_without_sitemaps_marks_none_gone(domain: Domain) -> None:
    scan(domain, 0)
    scan(domain, 1, sitemaps=(), coverage={"pages": True, "sitemaps": False})
    assert Sitemap.objects.get().gone_at is None


def test_sitemaps_of_an_index_that_cannot_be_read_now_are_not_gone(domain: Domain) -> None:
    index, child = "https://a.example/index.xml", "https://a.example/1.xml"
    other = SitemapFile("https://a.example/other.xml", kind="urlset")
    scan(domain, 0, sitemaps=(SitemapFile(child, "urlset", parent_url=index), other))
    now = scan(domain, 1, sitemaps=(SitemapFile(index, error="It returned status 500."),))
    gone = dict(Sitemap.objects.values_list("url", "gone_at"))
    assert gone == {index: None, child: None, other.url: now}


def test_a_scan_cut_short_marks_only_contacts_of_the_pages_it_read(domain: Domain) -> None:
    scan(domain, 0, contacts=(mail("home@a.de", HOME), mail("contact@a.de", CONTACT)))
    now = scan(domain, 1, contacts=(), requests=asked(HOME), coverage={"sitemaps": True})
    gone = dict(ContactRow.objects.values_list("value", "gone_at"))
    assert gone == {"home@a.de": now, "contact@a.de": None}
    assert not TechnologyRow.objects.exclude(gone_at=None).exists()


@pytest.mark.parametrize(("status", "is_gone"), [(404, True), (410, True), (500, False)])
def test_a_contact_is_gone_with_its_page_but_not_with_a_page_that_fails(
    domain: Domain, status: int, is_gone: bool
) -> None:
    scan(domain, 0, contacts=(mail("contact@a.de", CONTACT),))
    scan(domain, 1, contacts=(), requests=asked(CONTACT, status=status))
    assert (ContactRow.objects.get().gone_at is not None) is is_gone


def test_a_contact_of_a_page_that_is_now_read_over_https_is_gone(domain: Domain) -> None:
    scan(domain, 0, contacts=(mail("old@a.de", "http://a.example/"),))
    scan(domain, 1, contacts=(), requests=asked(HOME))
    assert ContactRow.objects.get().gone_at is not None


def test_the_wall_of_a_bot_check_makes_nothing_gone(domain: Domain) -> None:
    scan(domain, 0, contacts=(mail("home@a.de", HOME),))
    nothing: dict[str, Any] = {"contacts": (), "technologies": (), "sitemaps": (), "pages": ()}
    scan(domain, 9, verdict=Verdict.CHALLENGE, requests=asked(HOME), coverage={}, **nothing)
    for rows in (ContactRow, TechnologyRow, Sitemap):
        assert not rows._default_manager.exclude(gone_at=None).exists()


def test_a_sitemap_import_marks_no_contact_gone(domain: Domain) -> None:
    scan(domain, 0)
    scan(domain, 1, is_import=True, contacts=(), technologies=(), coverage={"sitemaps": True})
    assert not ContactRow.objects.exclude(gone_at=None).exists()


# Pages


def test_a_page_that_a_whole_inventory_does_not_list_is_gone(domain: Domain) -> None:
    pages = (PageEntry(HOME), PageEntry(CONTACT))
    scan(domain, 0, pages=pages)
    now = scan(domain, 1, pages=pages[:1])
    assert dict(Page.objects.values_list("url", "gone_at")) == {HOME: None, CONTACT: now}

    scan(domain, 2, pages=pages)
    assert set(Page.objects.values_list("gone_at", flat=True)) == {None}


def test_an_inventory_cut_short_makes_no_page_gone(domain: Domain) -> None:
    scan(domain, 0)
    scan(domain, 60, pages=(), coverage={"sitemaps": True})
    assert set(Page.objects.values_list("gone_at", flat=True)) == {None}


# The domain's page


def detail(console: Client, domain: Domain, **query: Any) -> str:
    response = console.get(f"/domains/{domain.pk}/", query)
    assert response.status_code == 200
    return response.content.decode()


def changed(console: Client, domain: Domain, **query: Any) -> str:
    return detail(console, domain, **query).split('id="changes"')[1].split("</section>")[0]


def test_the_page_of_a_domain_shows_what_changed(console: Client, domain: Domain) -> None:
    scan(domain, 0, title="Old shop")
    assert "first scan" in changed(console, domain)
    scan(domain, 1, title="New shop", contacts=(mail("x@a.example"),))
    shown = changed(console, domain)
    for text in ("Old shop", "New shop", "+ x@a.example", "info@a.example"):
        assert text in shown
    scan(domain, 2, title="New shop", contacts=(mail("x@a.example"),))
    assert "Nothing changed since the previous scan" in changed(console, domain)


def test_an_earlier_scan_can_be_chosen(console: Client, domain: Domain) -> None:
    scan(domain, 0, title="First")
    scan(domain, 1, title="Second")
    earlier = domain.latest_scan
    assert earlier
    scan(domain, 2, title="Third")
    assert f"?scan={earlier.pk}#changes" in detail(console, domain)
    shown = changed(console, domain, scan=earlier.pk)
    assert "First" in shown
    assert "Third" not in shown
    assert "Third" in changed(console, domain, scan="nonsense")


def test_a_scan_of_another_domain_cannot_be_chosen(
    console: Client, domain: Domain, other_tenant: Tenant
) -> None:
    ensure_domains(tenant=other_tenant, hosts=["b.example"])
    foreign = Domain.objects.get(host="b.example")
    scan(foreign, 0, title="Theirs")
    scan(foreign, 1, title="Secret")
    scan(domain, 0)
    assert foreign.latest_scan
    assert scan_before(foreign.latest_scan)
    assert "Theirs" not in detail(console, domain, scan=foreign.latest_scan.pk)


def test_the_page_marks_what_is_gone_and_dates_what_was_not_looked_for(
    console: Client, domain: Domain
) -> None:
    scan(domain, 0, pages=(PageEntry(HOME), PageEntry(CONTACT)))
    scan(domain, 9, technologies=(), sitemaps=(), pages=(PageEntry(HOME),))
    body = detail(console, domain)
    assert strip_tags(body).count("gone since 2026-11-10") == 4
    scan(domain, 10, contacts=(), coverage={})
    assert "last seen 2026-11-10" in strip_tags(detail(console, domain))
