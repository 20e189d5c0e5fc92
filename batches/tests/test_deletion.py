"""Deletion of domains and batches: what is deleted, what is kept, and what is shown."""

import csv
import io
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches import bulk, deletion, housekeeping
from batches.models import Batch, Job, Worker
from batches.services import create_batch, initiate_scan
from batches.tests.outcomes import complete, fail, report_of
from batches.tests.running import scan_now
from batches.transitions import TransitionError, retry_batch
from conftest import member_of
from scans import curating, results, services
from scans.bulk import running
from scans.bulk.models import BulkAction
from scans.engine.report import Contact as FoundContact
from scans.engine.report import ContactKind
from scans.latest_facts import SiteResult
from scans.models import Contact, Domain, Page, Scan, Sitemap, Technology
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.web import slices

pytestmark = pytest.mark.django_db
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only")
START = timezone.now() - timedelta(days=10)


def batch_of(tenant: Tenant, *hosts: str, **columns: Any) -> Batch:
    batch = create_batch(tenant=tenant, created_by=None, domains=hosts, name="List", **columns)
    Batch.objects.filter(pk=batch.pk).start()
    return batch


def complete_at(job: Job, day: int, **facts: Any) -> datetime:
    """Store a scan of a job as of a given day, like a flush."""
    assert job.domain is not None
    at = START + timedelta(days=day)
    report = report_of(job.domain.host, **facts).as_dict()
    report |= {"started_at": at.isoformat(), "finished_at": at.isoformat()}
    is_scan = job.job_type == Job.Type.WEBSITE_SCAN
    scan_id = uuid7() if is_scan else None
    result = SiteResult(job.tenant_id, job.domain.pk, job.batch_id, report, scan_id)
    with transaction.atomic():
        results.save([result], [], now=at)
    Job.objects.filter(pk=job.pk).update(
        status="complete", scan=scan_id, started_at=at, finished_at=at, progress=1
    )
    if job.batch_id:
        Batch(pk=job.batch_id).count(completed=1)
    return at


def finish(batch: Batch, day: int, **facts: Any) -> Batch:
    for job in batch.jobs.select_related("domain"):
        complete_at(job, day, **facts)
    batch.refresh_from_db()
    return batch


def email(value: str) -> FoundContact:
    return FoundContact(ContactKind.EMAIL, value, label="corporate")


def body_of(client: Client, url: str) -> str:
    response = client.get(url)
    return b"".join(response).decode() if response.streaming else response.content.decode()


def post(client: Client, url: str, **sent: Any) -> str:
    return client.post(url, sent, follow=True).content.decode()


def rows_about(domain: Domain) -> dict[str, int]:
    """Count the rows that refer to a domain, for every model."""
    return {
        relation.related_model.__name__: count
        for relation in Domain._meta.related_objects
        if (
            count := relation.related_model._base_manager.filter(
                **{relation.field.name: domain}
            ).count()
        )
    }


# Domains


def test_deleting_a_domain_asks_first_and_removes_everything_about_it(
    console: Client, default_tenant: Tenant, user: User
) -> None:
    finish(batch_of(default_tenant, "a.example", "b.example"), 1)
    complete(initiate_scan("a.example", tenant=default_tenant))
    domain = Domain.objects.get(host="a.example")
    other = rows_about(Domain.objects.get(host="b.example"))
    curating.add_tags(Domain.objects.all(), ["VIP"], user=user)
    wrong = {"kind": "contact", "row": str(domain.contacts.all()[0].pk)}
    console.post(f"/domains/{domain.pk}/corrections/", wrong)
    pick = {"pick": [domain.pk]}
    html = post(console, "/domains/delete/", **pick)
    assert "Delete 1 domain?" in html
    assert Domain.objects.count() == 2
    assert "1 domain deleted." in post(console, "/domains/delete/", confirmed="1", **pick)
    assert set(rows_about(domain)) == set()
    assert not Domain.objects.filter(pk=domain.pk).exists()
    for model in (Contact, Technology, Sitemap, Page, Scan):
        assert set(model.objects.values_list("domain__host", flat=True)) == {"b.example"}
    assert rows_about(Domain.objects.get()) == other | {"DomainTag": 1}
    assert console.get(f"/domains/{domain.pk}/").status_code == 404
    assert "No domain matches" in body_of(console, "/domains/?words=welcome&q=a.example")


def test_a_batch_keeps_its_counts_and_shows_deleted_domains(
    console: Client, default_tenant: Tenant
) -> None:
    batch = batch_of(default_tenant, "a.example", "b.example", "c.example")
    first, second, third = batch.jobs.order_by("position")
    complete(first)
    complete(second)
    fail(third, "tls_error", "The certificate of c.example expired.")
    deletion.delete_domains(Domain.objects.exclude(host="b.example"))
    batch.refresh_from_db()
    assert (batch.total, batch.completed, batch.failed, batch.status) == (3, 2, 1, "partial")
    assert Job.objects.filter(batch=batch).count() == 3
    for job in Job.objects.filter(domain=None):
        assert (job.host, job.error, job.result, job.scan_id) == ("", "", None, None)
        assert "A deleted domain" in body_of(console, f"/jobs/{job.pk}/")
    url = f"/batches/{batch.pk}/"
    page = body_of(console, url)
    assert page.count("a deleted domain") == 2
    assert "c.example" not in page
    table = body_of(console, f"{url}results.csv").lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["domain"] for row in rows] == ["", "b.example", ""]
    assert "c.example" not in body_of(console, f"{url}results.json")
    with pytest.raises(TransitionError, match="no failed"):
        retry_batch(batch)
    assert housekeeping.audit() == 0


def test_scans_that_wait_or_run_are_cancelled_and_counted(default_tenant: Tenant) -> None:
    batch = batch_of(default_tenant, "a.example", "b.example", "c.example")
    first, second, _ = batch.jobs.order_by("position")
    complete(first)
    scan_now(second)
    initiate_scan("c.example", tenant=default_tenant)
    deletion.delete_domains(Domain.objects.exclude(host="a.example"))
    batch.refresh_from_db()
    assert (batch.completed, batch.cancelled, batch.status) == (1, 2, "partial")
    held = Job.objects.get(worker__isnull=False)
    assert (held.pk, held.host, held.status) == (second.pk, "b.example", "cancelled")
    Job.objects.filter(pk=held.pk).release()
    assert not Job.objects.filter(domain=None).exclude(host="", batch=batch).exists()
    assert Domain.objects.get().host == "a.example"


def test_a_single_job_that_a_worker_held_is_deleted_once_it_is_released(
    default_tenant: Tenant,
) -> None:
    job = scan_now(initiate_scan("a.example", tenant=default_tenant))
    deletion.delete_domains(Domain.objects.all())
    housekeeping.keep()
    assert Job.objects.get().host == "a.example"
    Worker.objects.update(ended_at=timezone.now(), status="ended")
    housekeeping.keep()
    assert not Job.objects.filter(pk=job.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_thousands_of_domains_are_deleted_in_the_background_by_their_weight(
    console: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 3)
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)
    batch_of(default_tenant, *(f"{number:02}.example" for number in range(10)))
    Domain.objects.filter(host__lt="04").update(page_count=bulk.PAGES_AT_ONCE)
    post(console, "/domains/delete/", confirmed="1", all="1", query="q=.example")
    action = BulkAction.objects.get()
    left = []
    for _ in range(4):
        running.WORK.run_slice(action.pk)
        left.append(Domain.objects.count())
    assert left == [9, 8, 7, 0]
    action.refresh_from_db()
    assert (action.status, action.done, action.result) == ("complete", 10, {"domains": 10})
    assert Batch.objects.get().status == "cancelled"


def test_strangers_and_viewers_delete_no_domain(default_tenant: Tenant, stranger: User) -> None:
    finish(batch_of(default_tenant, "a.example"), 1)
    domain = Domain.objects.get()
    viewer = member_of(default_tenant, "viewer")
    Membership.objects.filter(user=viewer).update(role=Membership.Role.VIEWER)
    for user in (stranger, viewer):
        client = Client()
        client.force_login(user)
        for sent in ({"pick": [domain.pk]}, {"all": "1"}):
            client.post("/domains/delete/", sent | {"confirmed": "1"})
        assert 'action="/domains/delete/"' not in body_of(client, "/domains/")
    assert Domain.objects.get() == domain


@on_postgres
@pytest.mark.django_db(transaction=True)
def test_a_batch_of_a_domain_that_is_deleted_in_that_moment_is_created_all_the_same(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_of(default_tenant, "a.example")
    insert = services._insert_staged
    created: list[int] = []

    def delete() -> None:
        deletion.delete_domains(Domain.objects.all())
        connection.close()

    def insert_and_delete(*args: Any) -> int:
        number = insert(*args)
        if not created:
            thread = threading.Thread(target=delete)
            thread.start()
            thread.join()
        created.append(number)
        return number

    monkeypatch.setattr(services, "_insert_staged", insert_and_delete)
    batch = batch_of(default_tenant, "a.example")
    assert created == [0, 1]
    assert batch.jobs.get().domain == Domain.objects.get()
