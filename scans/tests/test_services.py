"""Creating domains, and queueing them for sitemap submission."""

import pytest
from django.db import connection

from scans import services
from scans.models import Domain
from scans.services import Queueing, queue_for_sitemaps
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db


def make(tenant: Tenant, **states: str) -> None:
    for name, state in states.items():
        Domain.objects.create(
            tenant=tenant,
            host=f"{name}.example",
            sitemap_analysis_status=state,
            sitemap_analysis_error="It was so.",
        )


def test_domains_are_inserted_in_one_order_so_that_transactions_cannot_deadlock(
    default_tenant: Tenant,
) -> None:
    hosts = ["c.example", "a.example", "d.example", "b.example"]
    ids = services.ensure_domains(tenant=default_tenant, hosts=hosts)
    assert sorted(ids) == sorted(hosts)
    # Version 7 ids are in the order in which they were made, which is that of the rows.
    assert [domain.host for domain in Domain.objects.order_by("pk")] == sorted(hosts)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has another index")
def test_many_new_labels_are_collected_before_they_are_indexed(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW gin_pending_list_limit")
            return str(cursor.fetchone()[0])

    usual = limit()
    services.ensure_domains(tenant=default_tenant, hosts=["one.example"])
    assert limit() == usual
    monkeypatch.setattr(services, "WORTHWHILE", 2)
    services.ensure_domains(tenant=default_tenant, hosts=["two.example", "three.example"])
    assert limit() == services.PENDING_LABELS


def test_a_domain_that_others_make_at_the_same_moment_keeps_their_id(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = services._ids_of
    looks: list[list[str]] = []

    def look_and_be_overtaken(tenant: Tenant, hosts: list[str]) -> dict:
        result = look(tenant, hosts)
        if not looks:
            make(default_tenant, a="pending")
        looks.append(hosts)
        return result

    monkeypatch.setattr(services, "_ids_of", look_and_be_overtaken)
    ids = services.ensure_domains(tenant=default_tenant, hosts=["a.example", "b.example"])
    assert ids == dict(Domain.objects.values_list("host", "pk"))
    assert len(ids) == 2


def test_what_is_not_queued_or_in_work_is_queued(default_tenant: Tenant) -> None:
    make(default_tenant, a="pending", b="submitted", c="failed", d="queued", e="processing")
    assert queue_for_sitemaps(Domain.objects.all()) == Queueing(queued=3, waiting=2)
    rows = Domain.objects.filter(sitemap_queued_at__isnull=False).order_by("host")
    assert [(str(row), row.sitemap_analysis_status) for row in rows] == [
        ("a.example", "queued"),
        ("b.example", "queued"),
        ("c.example", "queued"),
    ]
    assert {row.sitemap_analysis_error for row in rows} == {""}
    assert Domain.objects.get(host="e.example").sitemap_analysis_status == "processing"


def test_a_query_that_the_queueing_itself_narrows_is_followed_to_its_end(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CHUNK", 2)
    make(default_tenant, a="failed", b="failed", c="failed", d="failed", e="failed")
    failed = Domain.objects.filter(sitemap_analysis_status="failed")
    assert queue_for_sitemaps(failed).queued == 5


@pytest.mark.parametrize(
    ("queueing", "sentence"),
    [
        (Queueing(0, 0), "Select at least one domain."),
        (Queueing(1, 0), "1 domain is queued."),
        (Queueing(1_200, 1), "1,200 domains are queued; 1 was already queued or in progress."),
        (Queueing(0, 3), "0 domains are queued; 3 were already queued or in progress."),
    ],
)
def test_what_became_of_the_domains_is_one_sentence(queueing: Queueing, sentence: str) -> None:
    assert queueing.sentence == sentence
