"""The buttons of a batch and its jobs: which are offered, what they do, and their messages."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches import transitions
from batches.models import Batch, Job, Worker
from batches.options import BatchOptions
from batches.services import create_batch, initiate_scan
from batches.tests.outcomes import complete, fail
from batches.tests.running import running_batch, scan_now
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def mixed(default_tenant: Tenant) -> Batch:
    """Return a batch that ended with one completed, two time-outs and a TLS error."""
    hosts = [f"{number}.example" for number in range(4)]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts, name="Four")
    first, second, third, fourth = batch.jobs.order_by("position")
    complete(first)
    fail(second, "read_timeout", "Late.")
    fail(third, "read_timeout", "Late.")
    fail(fourth, "tls_error", "Old.")
    batch.refresh_from_db()
    return batch


@pytest.fixture
def waiting(default_tenant: Tenant) -> Batch:
    """Return a batch of two jobs that wait."""
    hosts = ["a.example", "b.example"]
    return create_batch(tenant=default_tenant, created_by=None, domains=hosts)


def press(client: Client, row: Batch | Job, control: str, **sent: Any) -> str:
    """Press a button; return the resulting page."""
    kind = "batches" if isinstance(row, Batch) else "jobs"
    response = client.post(f"/{kind}/{row.pk}/{control}/", sent, follow=True)
    assert response.status_code == 200
    assert len(response.redirect_chain) == 1
    return response.content.decode()


def fragment(client: Client, batch: Batch, query: str = "") -> str:
    return client.get(f"/batches/{batch.pk}/progress/{query}", headers=HTMX).content.decode()


def offered(body: str) -> set[str]:
    """Return the batch actions for which a page or fragment has a form."""
    return set(re.findall(r'action="/batches/[^"]+/(\w+)/"', body))


def state(batch: Batch) -> str:
    batch.refresh_from_db()
    return batch.status


def statuses(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("status", flat=True))


# Which buttons there are


@pytest.mark.parametrize(
    ("status", "fits"),
    [
        ("running", {"pause", "cancel", "retry"}),
        ("paused", {"resume", "cancel", "retry"}),
        ("cancelling", set()),
        ("partial", {"retry", "rerun"}),
    ],
)
def test_the_buttons_follow_the_state(
    console: Client, default_tenant: Tenant, status: str, fits: set[str]
) -> None:
    batch = running_batch(default_tenant)
    if status == "partial":
        Batch.objects.filter(pk=batch.pk).update(status=status, total=batch.ended)
    else:
        Batch.objects.filter(pk=batch.pk).update(status=status)
    assert offered(fragment(console, batch)) == fits
    assert offered(console.get(f"/batches/{batch.pk}/").content.decode()) == fits


def test_a_batch_without_a_failure_offers_no_retry(console: Client, waiting: Batch) -> None:
    assert offered(fragment(console, waiting)) == {"pause", "cancel"}
    for job in waiting.jobs.all():
        complete(job)
    assert offered(fragment(console, waiting)) == {"rerun"}


def test_each_cause_has_its_retry_button(console: Client, mixed: Batch) -> None:
    failures = console.get(f"/batches/{mixed.pk}/failures/").text
    for cause in ("read_timeout", "tls_error"):
        assert f'<input type="hidden" name="reasons" value="{cause}">' in failures
        assert f'type="checkbox" name="reasons" value="{cause}">' in fragment(console, mixed)


def test_a_failed_row_can_be_retried_and_one_that_waits_or_runs_cancelled(
    console: Client, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant, complete_jobs=2, failed_jobs=1)
    body = console.get(f"/batches/{batch.pk}/").content.decode()
    rows = re.findall(r'action="/jobs/([^"]+)/(\w+)/"', body)
    ends = {str(pk): status for pk, status in batch.jobs.values_list("pk", "status")}
    assert sorted((ends[pk], control) for pk, control in rows) == [
        ("failed", "retry"),
        *[("pending", "cancel")] * 3,
        *[("running", "cancel")] * batch.jobs.filter(status="running").count(),
    ]


def test_the_rows_of_a_batch_that_is_being_cancelled_have_no_buttons(
    console: Client, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    Batch.objects.filter(pk=batch.pk).update(status="cancelling")
    body = console.get(f"/batches/{batch.pk}/").content.decode()
    assert "Cancelling" in body
    assert "Stopping the running scans" in body
    assert 'action="/jobs/' not in body


def test_a_viewer_has_no_buttons(console: Client, default_tenant: Tenant) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    batch = running_batch(default_tenant)
    job = batch.jobs.get(status="failed")
    for part in (f"batches/{batch.pk}/", f"batches/{batch.pk}/failures/", f"jobs/{job.pk}/"):
        body = console.get(f"/{part}", headers=HTMX).content.decode()
        assert "DNS not found" in body
        assert not re.search(r'action="/(batches|jobs|domains)/', body)


# What they do


def test_a_batch_is_paused_and_goes_on(console: Client, default_tenant: Tenant) -> None:
    batch = running_batch(default_tenant)
    assert "The batch is paused" in press(console, batch, "pause")
    assert state(batch) == "paused"
    assert "The batch is running again." in press(console, batch, "resume")
    assert state(batch) == "running"


def test_a_batch_whose_last_job_ended_in_the_pause_says_so_when_it_goes_on(
    console: Client, waiting: Batch
) -> None:
    press(console, waiting, "pause")
    for job in waiting.jobs.all():
        complete(job)
    assert "The batch is complete." in press(console, waiting, "resume")


def test_cancelling_asks_first_and_works_without_scripts(console: Client, waiting: Batch) -> None:
    html = fragment(console, waiting)
    assert "Cancel this batch?" in html
    assert html.index("<summary") < html.index(f'action="/batches/{waiting.pk}/cancel/"')
    assert "The batch is cancelled. Finished results are kept." in press(console, waiting, "cancel")
    assert statuses(waiting) == ["cancelled", "cancelled"]


def test_a_batch_with_running_scans_says_cancelling(console: Client, waiting: Batch) -> None:
    Batch.objects.start()
    scan_now(waiting.jobs.order_by("position")[0])
    assert "The batch is being cancelled" in press(console, waiting, "cancel")
    assert state(waiting) == "cancelling"
    assert statuses(waiting) == ["running", "cancelled"]


def test_all_that_failed_is_retried_and_what_is_complete_is_not(
    console: Client, mixed: Batch
) -> None:
    options = mixed.options
    assert "Retrying: all failed jobs." in press(console, mixed, "retry")
    assert statuses(mixed) == ["complete", "pending", "pending", "pending"]
    assert state(mixed) == "running"
    assert mixed.options == options


def test_one_cause_is_retried(console: Client, mixed: Batch) -> None:
    message = press(console, mixed, "retry", reasons="read_timeout")
    assert "Retrying: Read timeout." in message
    assert statuses(mixed) == ["complete", "pending", "pending", "failed"]


def test_a_retry_takes_changed_options_and_keeps_the_others(console: Client, mixed: Batch) -> None:
    sent = {
        "reasons": ["read_timeout", "tls_error"],
        "site_deadline": "120",
        "request_delay": "1.5",
        "max_concurrent": "3",
        "obey_robots": "false",
    }
    press(console, mixed, "retry", **sent)
    before = mixed.options
    mixed.refresh_from_db()
    assert mixed.options == before | {"max_concurrent": 3}
    job = mixed.jobs.filter(status="pending")[0]
    options = BatchOptions.stored(job.options)
    assert (options.site_deadline, options.request_delay) == (120, 1.5)
    assert (options.obey_robots, options.max_pages) == (False, 1_000)
    assert mixed.jobs.filter(status="pending", options=job.options).count() == 3


def test_the_page_of_a_job_shows_the_options_of_its_retry(console: Client, mixed: Batch) -> None:
    job = mixed.jobs.filter(failure_reason="read_timeout")[0]
    assert "Obey robots.txt" not in console.get(f"/jobs/{job.pk}/").content.decode()
    press(console, mixed, "retry", reasons="read_timeout", obey_robots="false", max_concurrent="3")
    body = console.get(f"/jobs/{job.pk}/").content.decode()
    assert re.search("Obey robots.txt</div><div[^>]*>no<", body)
    assert "Sites at once" not in body


def test_a_cancelled_batch_is_retried_from_its_page(console: Client, waiting: Batch) -> None:
    transitions.cancel_batch(waiting)
    assert '<input type="hidden" name="reasons" value="cancelled">' in fragment(console, waiting)
    press(console, waiting, "retry", reasons="cancelled")
    assert statuses(waiting) == ["pending", "pending"]


def test_the_options_of_the_form_are_those_of_the_batch_and_change_nothing(
    console: Client, default_tenant: Tenant, mixed: Batch
) -> None:
    chosen = mixed.scan_options.as_dict() | {"site_deadline": 12.5, "obey_robots": False}
    Batch.objects.filter(pk=mixed.pk).update(options=chosen)
    body = fragment(console, mixed)
    assert re.search(r'name="site_deadline" value="12.5"', body)
    assert re.search(r'<option value="false" selected', body)
    sent = {"site_deadline": "12.5", "request_delay": "0", "max_concurrent": "25"}
    press(console, mixed, "retry", **sent, obey_robots="false")
    assert not Job.objects.exclude(options={}).exists()


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"site_deadline": "0"}, "Seconds per site: "),
        ({"max_concurrent": "2.5"}, "Sites at once: "),
        ({"obey_robots": "perhaps"}, "robots.txt: "),
        ({"reasons": "bad_weather"}, "bad_weather"),
        ({"reasons": "dns_not_found"}, "no failed or cancelled job to retry"),
    ],
)
def test_a_retry_that_cannot_be_says_why_and_changes_nothing(
    console: Client, mixed: Batch, sent: dict[str, str], message: str
) -> None:
    assert message in press(console, mixed, "retry", **sent)
    assert state(mixed) == "partial"
    assert "pending" not in statuses(mixed)


def test_a_retry_in_a_paused_batch_waits_and_says_so(console: Client, mixed: Batch) -> None:
    Batch.objects.filter(pk=mixed.pk).update(status="paused", finished_at=None)
    assert "Will be retried when the batch is resumed" in press(console, mixed, "retry")
    assert state(mixed) == "paused"


def test_run_again_leads_to_a_whole_new_batch(console: Client, user: User, mixed: Batch) -> None:
    assert "new batch has the same 4 domains" in press(console, mixed, "rerun")
    again = Batch.objects.exclude(pk=mixed.pk).get()
    assert (again.total, again.created_by, state(mixed)) == (4, user, "partial")


@pytest.mark.parametrize("control", ["cancel", "pause", "resume"])
def test_a_button_that_comes_too_late_says_so(console: Client, mixed: Batch, control: str) -> None:
    body = press(console, mixed, control)
    assert "alert-danger" in body
    assert "The batch is partial" in body


def test_a_batch_whose_domains_are_gone_cannot_run_again(console: Client, mixed: Batch) -> None:
    mixed.jobs.all().delete()
    assert "alert-danger" in press(console, mixed, "rerun")
    assert Batch.objects.count() == 1


# Jobs


def test_a_row_is_retried_and_leads_back_to_the_same_list(console: Client, mixed: Batch) -> None:
    body = console.get(f"/batches/{mixed.pk}/?status=failed").content.decode()
    came_from = f"/batches/{mixed.pk}/?status=failed#jobs"
    assert f'name="next" value="{came_from}"' in body
    job = mixed.jobs.get(failure_reason="tls_error")
    response = console.post(f"/jobs/{job.pk}/retry/", {"next": came_from})
    assert response.headers["Location"] == came_from
    assert statuses(mixed) == ["complete", "failed", "failed", "pending"]
    assert state(mixed) == "running"


@pytest.mark.parametrize("came_from", ["https://evil.example/", "//evil.example", ""])
def test_a_button_leads_to_no_other_site(console: Client, mixed: Batch, came_from: str) -> None:
    job = mixed.jobs.get(failure_reason="tls_error")
    response = console.post(f"/jobs/{job.pk}/retry/", {"next": came_from})
    assert response.headers["Location"] == f"/jobs/{job.pk}/"


def test_a_waiting_job_is_cancelled(console: Client, waiting: Batch) -> None:
    job = waiting.jobs.order_by("position")[0]
    assert "a.example is not going to be scanned" in press(console, job, "cancel")
    assert statuses(waiting) == ["cancelled", "pending"]


def test_a_running_job_is_cancelled(console: Client, waiting: Batch) -> None:
    job = scan_now(waiting.jobs.order_by("position")[0])
    Job.objects.filter(pk=job.pk).update(started_at=job.created_at)
    assert (
        'Cancel<span class="visually-hidden"> a.example'
        in console.get(f"/jobs/{job.pk}/").content.decode()
    )
    assert "a.example is no longer scanned" in press(console, job, "cancel")
    assert statuses(waiting) == ["cancelled", "pending"]


def test_a_job_that_ended_meanwhile_is_not_cancelled_and_that_is_said(
    console: Client, waiting: Batch
) -> None:
    job = complete(waiting.jobs.order_by("position")[0])
    assert "there is nothing to cancel" in press(console, job, "cancel")
    assert statuses(waiting) == ["complete", "pending"]


def test_a_single_scan_is_retried_and_its_new_job_shown(
    console: Client, user: User, default_tenant: Tenant
) -> None:
    job = fail(initiate_scan("a.example", tenant=default_tenant), "tls_error", "Old.")
    assert f'action="/jobs/{job.pk}/retry/"' in console.get(f"/jobs/{job.pk}/").content.decode()
    response = console.post(f"/jobs/{job.pk}/retry/")
    again = Job.objects.exclude(pk=job.pk).get()
    assert response.headers["Location"] == f"/jobs/{again.pk}/"
    assert (again.status, again.created_by) == ("pending", user)


def test_the_page_of_a_job_has_the_button_that_fits_its_state(
    console: Client, waiting: Batch
) -> None:
    job = scan_now(waiting.jobs.order_by("position")[0])
    body = console.get(f"/jobs/{job.pk}/progress/", headers=HTMX).content.decode()
    assert re.findall(r'action="([^"]+)"', body) == [f"/jobs/{job.pk}/cancel/"]
    job = complete(waiting.jobs.order_by("position")[1])
    page = console.get(f"/jobs/{job.pk}/").content.decode()
    assert "<form" not in page.partition('id="job"')[2].partition("</main>")[0]


# What holds for all of them

CONTROLS = [
    *[("batches", name) for name in ("cancel", "pause", "resume", "retry", "rerun")],
    *[("jobs", name) for name in ("retry", "cancel")],
]


@pytest.mark.parametrize(("kind", "control"), CONTROLS)
def test_nothing_is_controlled_by_a_link(
    console: Client, mixed: Batch, kind: str, control: str
) -> None:
    pk = mixed.pk if kind == "batches" else mixed.jobs.order_by("position")[3].pk
    assert console.get(f"/{kind}/{pk}/{control}/").status_code == 405
    assert state(mixed) == "partial"


@pytest.mark.parametrize(("kind", "control"), CONTROLS)
def test_a_viewer_controls_nothing(console: Client, mixed: Batch, kind: str, control: str) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    pk = mixed.pk if kind == "batches" else mixed.jobs.order_by("position")[3].pk
    assert console.post(f"/{kind}/{pk}/{control}/").status_code == 403
    assert state(mixed) == "partial"
    assert Batch.objects.count() == 1


def test_who_has_been_logged_out_comes_back_to_the_page_of_the_batch(
    client: Client, mixed: Batch
) -> None:
    response = client.post(f"/batches/{mixed.pk}/retry/")
    assert response.headers["Location"] == f"/login/?next=/batches/{mixed.pk}/"


def test_a_form_without_its_token_is_refused(user: User, mixed: Batch) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post(f"/batches/{mixed.pk}/retry/").status_code == 403
    page = client.get(f"/batches/{mixed.pk}/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    sent = {"csrfmiddlewaretoken": token[1]}
    assert client.post(f"/batches/{mixed.pk}/retry/", sent).status_code == 302


@pytest.mark.parametrize("part", ["", "progress/", "jobs/"])
def test_the_buttons_cost_one_query_whatever_the_batch(
    console: Client, default_tenant: Tenant, part: str
) -> None:
    def queries(batch: Batch) -> list[str]:
        url = f"/batches/{batch.pk}/{part}"
        console.get(url, headers=HTMX)
        with CaptureQueriesContext(connection) as captured:
            assert console.get(url, headers=HTMX).status_code == 200
        return [query["sql"] for query in captured]

    few = queries(running_batch(default_tenant, complete_jobs=1, failed_jobs=1))
    assert sum("tenants_membership" in sql and "role" in sql for sql in few) == 1
    transitions.cancel_batch(Batch.objects.get())
    Worker.objects.all().delete()
    many = running_batch(default_tenant, complete_jobs=20, failed_jobs=20)
    assert len(queries(many)) == len(few)
