"""The sitemaps, pages and contacts in older tables are converted or reported."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from batches.models import LegacyId
from batches.tests.legacy.converted import check, convert, reverse_conversion
from batches.tests.legacy.legacy_database import Age, build
from batches.tests.legacy.legacy_ids import TENANT, uid
from scans.models import Contact, Domain, Page, Sitemap
from scans.storage import url_hash
from scrapersky.tenants.models import Tenant

WHEN = datetime(2025, 1, 1, 10, tzinfo=UTC)
ABOUT = "https://rich.example.com/about"
each_age = pytest.mark.parametrize("age", ["old", "before", "after"])


def become(kind: str, original: object) -> list[tuple]:
    return list(
        LegacyId.objects.filter(kind=kind, original=str(original)).values_list("uuid", "how")
    )


@each_age
def test_two_rows_of_one_sitemap_become_one_with_the_newest_facts(legacy: Any, age: Age) -> None:
    build(legacy, age)
    legacy.execute("UPDATE sitemap_files SET updated_at = created_at")
    legacy.execute(
        "UPDATE sitemap_files SET updated_at = '2025-02-02Z', url_count = 7 WHERE id = %s",
        [uid("5", 2)],
    )
    convert()
    [sitemap] = Sitemap.objects.all()
    assert (sitemap.pk, str(sitemap.tenant_id)) == (uid("5", 1), str(TENANT))
    assert sitemap.url == "https://rich.example.com/sitemap.xml"
    assert bytes(sitemap.url_hash) == url_hash(sitemap.url)
    assert (sitemap.kind, sitemap.source, sitemap.url_count) == ("index", "robots", 7)
    assert (sitemap.bytes, sitemap.error) == (4096, "HTTP 500")
    assert (sitemap.first_seen, sitemap.last_seen) == (WHEN, datetime(2025, 2, 2, tzinfo=UTC))
    assert become("sitemap", uid("5", 2)) == [(uid("5", 1), "merged")]


@each_age
def test_pages_of_both_tables_become_one_inventory(legacy: Any, age: Age) -> None:
    build(legacy, age)
    convert()
    page = Page.objects.get(url=ABOUT)
    assert page.domain == Domain.objects.get(host="rich.example.com")
    assert (page.page_type, page.changefreq, page.priority) == ("about", "weekly", 0.5)
    assert page.lastmod == datetime(2024, 12, 31, tzinfo=UTC)
    assert page.first_seen == WHEN
    merged = {uid("3", 1), uid("4", 1), uid("4", 2)} - {page.pk}
    assert all(become("page", old) == [(page.pk, "merged")] for old in merged)
    assert Page.objects.get(pk=uid("3", 2)).lastmod is None  # it was 44 BC


@each_age
def test_what_no_domain_can_hold_is_named(legacy: Any, age: Age) -> None:
    build(legacy, age)
    notes = {topic.topic: topic for topic in convert().notes}
    assert notes["sitemap was left behind"].count == 1
    pages = notes["page was left behind"]
    assert pages.count == 2
    assert any("not a valid page" in example for example in pages.examples)  # 3,000 characters
    assert any("domain is gone" in example for example in pages.examples)
    assert "lost@gone.example.com" in notes["contact was left behind"].examples[0]


@each_age
def test_a_contact_keeps_its_evidence(legacy: Any, age: Age) -> None:
    build(legacy, age)
    convert()
    contact = Contact.objects.get(value="info@rich.example.com")
    assert (contact.pk, contact.label) == (uid("2", 1), "corporate")
    assert (contact.page_url, contact.snippet) == (ABOUT, "Write to us")
    assert contact.method == "legacy_import"


def test_what_is_here_already_stays_as_it_is(legacy: Any) -> None:
    build(legacy, "before")
    tenant = Tenant.objects.create(pk=TENANT, name="Ours")
    domain = Domain.objects.create(tenant=tenant, host="rich.example.com")
    ours = Page.objects.create(
        tenant=domain.tenant, domain=domain, url=ABOUT, url_hash=url_hash(ABOUT), page_type="team",
        first_seen=WHEN, last_seen=WHEN,
    )  # fmt: skip
    convert()
    ours.refresh_from_db()
    assert ours.page_type == "team"
    assert become("page", uid("4", 1)) == [(ours.pk, "existing")]
    assert check().faults == []
    reverse_conversion()
    assert list(Page.objects.all()) == [ours]


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        ("DELETE FROM scans_page WHERE url LIKE '%%about'", "scans.Page"),
        ("UPDATE scans_sitemap SET url_count = 1", "scans.Sitemap"),
        ("UPDATE scans_contact SET label = 'free' WHERE value LIKE 'info@%%'", "scans.Contact"),
        ("DELETE FROM batches_legacyid WHERE kind = 'page'", "pages the map has 0"),
    ],
)
def test_a_verification_sees_what_was_harmed(legacy: Any, harm: str, fault: str) -> None:
    build(legacy, "before")
    convert()
    assert check().faults == []
    with connection.cursor() as cursor:
        cursor.execute(harm)
    assert any(fault in output for output in check().faults)


def test_rows_that_come_later_are_brought_by_a_later_run(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    legacy.execute(
        "INSERT INTO pages (id, domain_id, url) SELECT gen_random_uuid(), domain_id, %s "
        "FROM pages WHERE id = %s",
        ["https://rich.example.com/later", uid("3", 1)],
    )
    assert convert().converted == 1
    assert Page.objects.filter(url="https://rich.example.com/later").exists()
    assert check().faults == []
