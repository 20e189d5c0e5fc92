"""Lists show the stored facts of a domain, whichever scan came last."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
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
from scans.models import Contact as ContactRow
from scans.models import Domain
from scans.models import Technology as TechnologyRow
from scans.results import SiteFailure, SiteResult
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOME, CONTACT = "https://a.example/", "https://a.example/contact"
NOTHING: dict[str, Any] = {"contacts": (), "technologies": (), "sitemaps": (), "pages": ()}
FULL: dict[str, Any] = {
    "title": "A bakery",
    "contacts": (
        Contact(ContactKind.EMAIL, "info@a.example", page_url=CONTACT),
        Contact(ContactKind.PHONE, "+4930123456", page_url=CONTACT),
        Contact(ContactKind.SOCIAL, "https://x.com/a", label="x", page_url=HOME),
    ),
    "technologies": (Technology("WordPress", "CMS"),),
    "sitemaps": (SitemapFile("https://a.example/sitemap.xml", kind="urlset"),),
    "pages": (PageEntry(HOME), PageEntry(CONTACT)),
}


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    ensure_domains(tenant=default_tenant, hosts=["a.example"])
    return Domain.objects.get()


def scan(domain: Domain, day: int, *, is_import: bool = False, **facts: Any) -> None:
    """Store a scan that ended some days after the first."""
    now = START + timedelta(days=day)
    report = report_of(domain.host, **facts).as_dict()
    report |= {"started_at": now.isoformat(), "finished_at": now.isoformat()}
    scan_id = None if is_import else uuid7()
    results.save([SiteResult(domain.tenant_id, domain.pk, None, report, scan_id)], [], now=now)
    domain.refresh_from_db()


def collected(domain: Domain) -> dict[str, Any]:
    """Return a domain's list columns, except its verdict."""
    names = ("title", "emails", "phones", "social", "technologies", "sitemap_count", "page_count")
    return {name: getattr(domain, name) for name in names}


def on_record(domain: Domain) -> dict[str, Any]:
    """Return the same facts from the rows shown on the domain's page."""
    contacts = domain.contacts.visible().filter(gone_at=None)
    return {
        "emails": list(contacts.filter(kind="email").values_list("value", flat=True)),
        "phones": list(contacts.filter(kind="phone").values_list("value", flat=True)),
        "social": dict(contacts.filter(kind="social").values_list("label", "value")),
        "technologies": list(
            domain.technology_rows.visible().filter(gone_at=None).values_list("name", flat=True)
        ),
        "sitemap_count": domain.sitemaps.filter(gone_at=None).exclude(kind="").count(),
        "page_count": domain.pages.filter(gone_at=None).count(),
    }


PARTIAL_SCANS: dict[str, dict[str, Any]] = {
    "a bot wall": {"verdict": Verdict.CHALLENGE, "coverage": {}, **NOTHING},
    "a wall that the engine says it looked behind": {
        "verdict": Verdict.CHALLENGE,
        "coverage": {"pages": True, "sitemaps": True, "inventory": True},
        **NOTHING,
    },
    "a deadline": {"coverage": {}, **NOTHING},
    "no further pages": {**FULL, "contacts": (), "coverage": {"sitemaps": True}},
    "no sitemaps": {**FULL, "sitemaps": (), "pages": (), "coverage": {"pages": True}},
}


@pytest.mark.parametrize("facts", PARTIAL_SCANS.values(), ids=PARTIAL_SCANS)
def test_a_scan_removes_nothing_that_it_could_not_see(
    domain: Domain, facts: dict[str, Any]
) -> None:
    scan(domain, 0, **FULL)
    before = collected(domain)

    scan(domain, 1, **facts)

    assert collected(domain) | {"title": ""} == before | {"title": ""}
    assert collected(domain) | on_record(domain) == collected(domain)


def test_a_bot_wall_keeps_the_title_and_shows_as_the_verdict(domain: Domain) -> None:
    scan(domain, 0, **FULL)
    wall = PARTIAL_SCANS["a bot wall"]
    scan(domain, 1, **wall, title="Just a moment...", final_url="https://wall.example/")
    assert (domain.title, domain.verdict) == ("A bakery", "challenge")
    assert domain.final_url == "https://a.example/"

    scan(domain, 2, **FULL | {"title": "A new bakery"})
    assert (domain.title, domain.verdict) == ("A new bakery", "ok")


def test_the_first_scan_of_a_domain_may_be_a_bot_wall(domain: Domain) -> None:
    scan(domain, 0, **PARTIAL_SCANS["a bot wall"], title="Just a moment...")
    assert (domain.title, domain.emails, domain.page_count) == ("Just a moment...", [], 0)


def test_an_outage_removes_nothing(domain: Domain) -> None:
    scan(domain, 0, **FULL)
    before = collected(domain)
    failure = SiteFailure(domain.pk, None, "dns_not_found")
    results.save([], [failure], now=START + timedelta(days=1))
    domain.refresh_from_db()
    assert (collected(domain), domain.status) == (before, "failed")


def test_a_whole_scan_removes_what_it_did_not_find(domain: Domain) -> None:
    scan(domain, 0, **FULL)
    scan(domain, 1, **NOTHING, requests=(RequestRecord(HOME, 200), RequestRecord(CONTACT, 404)))
    assert on_record(domain).items() <= collected(domain).items()
    assert (domain.emails, domain.technologies, domain.page_count) == ([], [], 0)


def test_the_page_count_is_the_same_whether_a_scan_or_an_import_came_last(domain: Domain) -> None:
    scan(domain, 0, **FULL)
    scan(domain, 1, is_import=True, pages=(PageEntry(CONTACT),), coverage={"sitemaps": True})
    assert domain.page_count == 2
    scan(domain, 2, pages=(PageEntry(HOME),), coverage={})
    assert domain.page_count == 2
    scan(domain, 3, is_import=True, pages=(PageEntry(f"{HOME}new"),), coverage={"sitemaps": True})
    assert domain.page_count == domain.pages.count() == 3
    scan(domain, 4, pages=(PageEntry(HOME),))
    assert domain.page_count == domain.pages.filter(gone_at=None).count() == 1


def test_what_a_user_marked_as_wrong_does_not_come_back_with_a_scan(domain: Domain) -> None:
    scan(domain, 0, **FULL)
    ContactRow.objects.filter(kind="email").update(is_wrong=True)
    TechnologyRow.objects.update(is_wrong=True)
    scan(domain, 1, **FULL)
    assert (domain.emails, domain.phones, domain.technologies) == ([], ["+4930123456"], [])
    assert on_record(domain).items() <= collected(domain).items()


def test_two_social_profiles_with_long_equal_beginnings_are_both_stored(domain: Domain) -> None:
    long = "https://www.facebook.com/" + "a" * 500
    profiles = [Contact(ContactKind.SOCIAL, long + end, label="facebook") for end in "bc"]
    scan(domain, 0, contacts=tuple(profiles))
    assert domain.contacts.count() == 2


def test_many_results_are_stored_in_a_constant_number_of_queries(
    default_tenant: Tenant, domain: Domain, django_assert_max_num_queries
) -> None:
    hosts = [f"{number}.example" for number in range(20)]
    ids = ensure_domains(tenant=default_tenant, hosts=hosts)
    stored = [
        SiteResult(default_tenant.pk, pk, None, report_of(host, **FULL).as_dict(), uuid7())
        for host, pk in ids.items()
    ]
    with django_assert_max_num_queries(50):
        results.save(stored, [], now=START)
