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
from django_q.models import OrmQ
from uuid_utils.compat import uuid7

from batches import bulk, deletion, housekeeping
from batches.models import Batch, Job, Worker
from batches.recurring import Plan, create_recurring, start_now
from batches.services import create_batch, initiate_scan
from batches.tests.outcomes import complete, fail, report_of
from batches.tests.running import scan_now
from batches.transitions import TransitionError, retry_batch
from conftest import member_of
from scans import curating, results, services
from scans.bulk import running
from scans.bulk.models import BulkAction
from scans.domain_lists.services import add_domains, create_list
from scans.engine.report import Contact as FoundContact
from scans.engine.report import ContactKind, PageEntry, SitemapFile
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
            Batch.objects.count_jobs({job.batch_id: {"completed": 1}})
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


# Batches


def delete(client: Client, batch: Batch, results: str) -> str:
    url = f"/batches/{batch.pk}/delete/"
    assert "Delete this batch?" in body_of(client, url)
    return post(client, url, results=results)


def test_a_batch_is_deleted_and_its_results_are_kept(
    console: Client, default_tenant: Tenant, user: User
) -> None:
    plan = Plan("Weekly", "a.example", "daily", START.time())
    schedule = create_recurring(plan, tenant=default_tenant, created_by=user, now=START)
    start_now(schedule, user=user, now=START)
    Batch.objects.start()
    batch = finish(Batch.objects.get(), 1)
    before = rows_about(Domain.objects.get())
    assert "is deleted with 1 job. Its results are kept." in delete(console, batch, "keep")
    assert not Batch.objects.exists()
    assert not Job.objects.exists()
    domain = Domain.objects.get()
    assert rows_about(domain) == {k: v for k, v in before.items() if k != "Job"}
    assert (domain.latest_batch, domain.title) == (None, "Welcome to a.example")
    assert schedule.runs.get().batch is None


def test_domains_that_only_the_batch_scanned_are_deleted_with_it(
    console: Client, default_tenant: Tenant, user: User
) -> None:
    kept = ["tagged", "listed", "noted", "curated", "twice", "single"]
    hosts = [f"{name}.example" for name in (*kept, "mine", "failed")]
    batch = batch_of(default_tenant, *hosts)
    for job in batch.jobs.select_related("domain"):
        if job.domain and job.domain.host == "failed.example":
            fail(job, "tls_error", "")
        else:
            complete_at(job, 1)
    by_name = {host: Domain.objects.filter(host=host) for host in hosts}
    curating.add_tags(by_name["tagged.example"], ["VIP"], user=user)
    leads = create_list(tenant=default_tenant, created_by=user, name="Leads")
    add_domains(leads, by_name["listed.example"], user=user)
    curating.set_note(by_name["noted.example"].get(), "Call", user=user)
    curating.set_curation(by_name["curated.example"], curation="maybe", user=user)
    finish(batch_of(default_tenant, "twice.example"), 2)
    complete_at(initiate_scan("single.example", tenant=default_tenant), 2)
    url = f"/batches/{batch.pk}/delete/"
    assert "produced: 2 domains" in body_of(console, url)
    assert "is deleted with 8 jobs and 2 domains." in delete(console, batch, "delete")
    left = dict(Domain.objects.values_list("host", "status"))
    assert left == {
        "tagged.example": "unscanned",
        "listed.example": "unscanned",
        "noted.example": "unscanned",
        "curated.example": "unscanned",
        "twice.example": "scanned",
        "single.example": "scanned",
    }
    assert Scan.objects.count() == 2
    tagged = by_name["tagged.example"].get()
    assert (tagged.title, tagged.emails, tagged.latest_scan, tagged.latest_batch) == (
        "",
        [],
        None,
        None,
    )


def findings(domain: Domain) -> dict[str, Any]:
    there = {"gone_at": None}
    domain.refresh_from_db()
    return {
        "title": domain.title,
        "emails": domain.emails,
        "contacts": sorted(domain.contacts.filter(**there).values_list("value", flat=True)),
        "technologies": sorted(
            domain.technology_rows.filter(**there).values_list("name", flat=True)
        ),
        "pages": sorted(domain.pages.filter(**there).values_list("url", flat=True)),
        "page_count": domain.page_count,
        "sitemaps": sorted(domain.sitemaps.filter(**there).values_list("url", flat=True)),
        "sitemap_count": domain.sitemap_count,
        "latest_scan": domain.latest_scan_id,
        "latest_batch": domain.latest_batch_id,
        "last_scanned_at": domain.last_scanned_at,
        "status": domain.status,
    }


def test_a_domain_shows_its_earlier_scan_again(console: Client, default_tenant: Tenant) -> None:
    first = {
        "title": "First",
        "contacts": (email("both@a.example"), email("first@a.example")),
        "pages": (PageEntry("https://a.example/"), PageEntry("https://a.example/first")),
    }
    finish(batch_of(default_tenant, "a.example"), 1, **first)
    domain = Domain.objects.get()
    before = findings(domain)
    second = finish(
        batch_of(default_tenant, "a.example"),
        3,
        title="Second",
        contacts=(email("second@a.example"), email("both@a.example")),
        technologies=(),
        pages=(PageEntry("https://a.example/"), PageEntry("https://a.example/second")),
        sitemaps=(SitemapFile("https://a.example/second.xml", kind="urlset"),),
        requests=({"url": "https://a.example/first", "status": 404},),
    )
    after = findings(domain)
    assert after["title"] == "Second"
    assert after["emails"] == ["second@a.example", "both@a.example"]
    assert "https://a.example/first" not in after["pages"]
    assert "is deleted with 1 job and 0 domains." in delete(console, second, "delete")
    assert findings(domain) == before
    assert "First" in body_of(console, f"/domains/{domain.pk}/")


def test_a_domain_keeps_its_later_scan_and_loses_only_what_the_deleted_batch_saw(
    console: Client, default_tenant: Tenant, user: User
) -> None:
    first = finish(
        batch_of(default_tenant, "a.example"),
        1,
        contacts=(email("both@a.example"), email("old@a.example"), email("picked@a.example")),
    )
    domain = Domain.objects.get()
    picked = domain.contacts.filter(value="picked@a.example")
    curating.set_curation(picked, curation="selected", user=user)
    finish(batch_of(default_tenant, "a.example"), 3, contacts=(email("both@a.example"),))
    before = findings(domain)
    delete(console, first, "delete")
    assert findings(domain) == before
    values = domain.contacts.order_by("value").values_list("value", flat=True)
    assert list(values) == ["both@a.example", "picked@a.example"]


def test_a_domain_that_failed_in_the_deleted_batch_shows_the_scan_before(
    console: Client, default_tenant: Tenant
) -> None:
    finish(batch_of(default_tenant, "a.example"), 1)
    domain = Domain.objects.get()
    before = findings(domain)
    second = batch_of(default_tenant, "a.example")
    job = fail(second.jobs.get(), "tls_error", "Expired.")
    failure = results.SiteFailure(domain.pk, second.pk, "tls_error")
    assert job.finished_at
    results.save([], [failure], now=job.finished_at)
    assert findings(domain)["status"] == "failed"
    delete(console, Batch.objects.get(pk=second.pk), "delete")
    assert findings(domain) == before


def test_sitemaps_that_only_the_deleted_import_read_are_gone(
    console: Client, default_tenant: Tenant
) -> None:
    finish(batch_of(default_tenant, "a.example"), 1)
    domain = Domain.objects.get()
    before = findings(domain)
    extra = SitemapFile("https://a.example/more.xml", kind="urlset", url_count=1)
    entry = PageEntry("https://a.example/more", "sitemap")
    read = batch_of(default_tenant, "a.example", processor_type="sitemap_import")
    finish(read, 2, sitemaps=(extra,), pages=(entry,), coverage={})
    domain.refresh_from_db()
    assert domain.sitemap_analysis_status == "submitted"
    assert findings(domain)["sitemap_count"] == 2
    delete(console, Batch.objects.get(pk=read.pk), "delete")
    assert findings(domain) == before
    assert domain.sitemap_analysis_status == "pending"


def test_a_batch_that_is_at_work_cannot_be_deleted(console: Client, default_tenant: Tenant) -> None:
    batch = batch_of(default_tenant, "a.example", "b.example")
    url = f"/batches/{batch.pk}/delete/"
    assert f'href="{url}"' not in body_of(console, f"/batches/{batch.pk}/")
    for call in (console.get, console.post):
        page = call(url, follow=True).content.decode()
        assert "The batch has not ended." in page
    jobs = list(batch.jobs.all())
    complete(jobs[0])
    scan_now(jobs[1])
    Job.objects.filter(pk=jobs[1].pk).update(status="cancelled", finished_at=timezone.now())
    Batch.objects.count_jobs({batch.pk: {"cancelled": 1}})
    assert "Some of its scans are still stopping." in post(console, url)
    assert Batch.objects.count() == 1
    Job.objects.filter(pk=jobs[1].pk).update(worker=None)
    assert "is deleted" in delete(console, batch, "keep")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["keep", "delete"])
def test_a_large_batch_is_deleted_in_the_background(
    console: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 3)
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)
    monkeypatch.setattr(deletion, "JOBS_AT_ONCE", 4)
    monkeypatch.setattr(deletion, "RESULTS_AT_ONCE", 4)
    batch = finish(batch_of(default_tenant, *(f"{n}.example" for n in range(10))), 1)
    response = console.post(f"/batches/{batch.pk}/delete/", {"results": kind})
    action = BulkAction.objects.get()
    url = f"/actions/{action.pk}/"
    assert response.headers["Location"] == url
    running.WORK.run_slice(action.pk)
    assert "4 of 10 done." in body_of(console, url)
    assert "This batch is being deleted." in body_of(console, f"/batches/{batch.pk}/")
    assert "cannot be stopped" in post(console, f"{url}stop/")
    with pytest.raises(TransitionError, match="being deleted"):
        retry_batch(batch, reasons=["cancelled"])
    console.post(f"/batches/{batch.pk}/delete/", {"results": kind})
    assert BulkAction.objects.count() == 1
    for _ in range(3):
        running.WORK.run_slice(action.pk)
    action.refresh_from_db()
    assert (action.status, action.done) == ("complete", 10)
    assert not Batch.objects.exists()
    assert not Job.objects.exists()
    assert Domain.objects.count() == (10 if kind == "keep" else 0)
    OrmQ.objects.all().delete()


def test_the_admin_asks_the_same_question(default_tenant: Tenant) -> None:
    root = User.objects.create_superuser("root", "root@example.com", "secret")
    office = Client()
    office.force_login(root)
    for results_too, left in (("keep", 1), ("delete", 0)):
        Domain.objects.all().delete()
        batch = finish(batch_of(default_tenant, "a.example"), 1)
        url = f"/admin/batches/batch/{batch.pk}/delete/"
        assert "Delete what only this batch produced" in body_of(office, url)
        assert office.post(url, {"post": "yes", "results": results_too}).status_code == 302
        assert not Batch.objects.exists()
        assert Domain.objects.count() == left


def test_strangers_and_viewers_delete_no_batch(default_tenant: Tenant, stranger: User) -> None:
    batch = finish(batch_of(default_tenant, "a.example"), 1)
    viewer = member_of(default_tenant, "viewer")
    Membership.objects.filter(user=viewer).update(role=Membership.Role.VIEWER)
    url = f"/batches/{batch.pk}/delete/"
    # The page sends a viewer back to the batch; the form is refused.
    for user, shown, refused in ((stranger, 404, 404), (viewer, 302, 403)):
        client = Client()
        client.force_login(user)
        assert client.get(url).status_code == shown
        assert client.post(url).status_code == refused
    assert Batch.objects.count() == Job.objects.count() == 1
