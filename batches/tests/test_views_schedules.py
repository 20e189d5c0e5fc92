"""The pages of schedules: recurring batches, their runs, and the console's own schedules."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule

from batches.maintenance import SCHEDULES, SITEMAP_SUBMISSION
from batches.models import Batch, MaintenanceRun, RecurringBatch
from batches.recurring import Plan, create_recurring, start_due, start_now
from batches.tests.outcomes import complete
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
SUNDAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GIVEN = {
    "name": "Bakers",
    "domains": "a.example\r\nb.example",
    "frequency": "weekly",
    "weekday": "2",
    "month_day": "1",
    "time_of_day": "06:30",
    "max_pages": "7",
}


def recurring_batch(tenant: Tenant, name: str = "Bakers", **changes: Any) -> RecurringBatch:
    plan = replace(Plan(name, "a.example", "daily", time(6)), **changes)
    return create_recurring(plan, tenant=tenant, created_by=None, now=SUNDAY)


def body_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, url: str, **fields: Any) -> str:
    """Post a form and return the page it leads to."""
    return client.post(url, fields, follow=True).content.decode()


def page_of(recurring: RecurringBatch, action: str = "") -> str:
    return f"/schedules/{recurring.pk}/{action}"


@pytest.fixture
def viewer(default_tenant: Tenant) -> Client:
    """Return a client of a viewer."""
    created = User.objects.create_user("viewer")
    role = Membership.Role.VIEWER
    Membership.objects.create(user=created, tenant=default_tenant, role=role)
    client = Client()
    client.force_login(created)
    return client


# The list


def test_an_empty_list_says_what_it_is_for(console: Client) -> None:
    assert "No recurring batches" in body_of(console, "/schedules/")


def test_the_list_shows_when_each_runs_and_how_its_last_run_went(
    console: Client, default_tenant: Tenant, user: User
) -> None:
    recurring = recurring_batch(default_tenant)
    assert "none yet" in body_of(console, "/schedules/")
    start_now(recurring, user=user, now=SUNDAY)
    page = body_of(console, "/schedules/")
    assert "Every day at 06:00 (UTC)" in page
    assert f'href="/batches/{Batch.objects.get().pk}/"' in page
    start_now(recurring, user=user, now=SUNDAY + timedelta(hours=1))
    assert "state-skipped" in body_of(console, "/schedules/")


def test_one_that_is_off_and_one_that_is_late_are_marked(
    console: Client, default_tenant: Tenant
) -> None:
    off = recurring_batch(default_tenant)
    off.disable(SUNDAY)
    assert "Switched off" in body_of(console, "/schedules/")
    off.delete()
    Schedule.objects.update(next_run=timezone.now())
    assert "state-late" not in body_of(console, "/schedules/")
    recurring_batch(default_tenant)
    RecurringBatch.objects.update(next_run_at=timezone.now() - timedelta(hours=1))
    assert "state-late" in body_of(console, "/schedules/")
    assert "state-late" in body_of(console, page_of(RecurringBatch.objects.get()))


def test_the_consoles_own_schedules_tell_of_their_last_run(console: Client) -> None:
    Schedule.objects.update(next_run=timezone.now())
    page = body_of(console, "/schedules/")
    assert [name for name in SCHEDULES if name.capitalize() not in page] == []
    assert page.count("has not run yet") == len(SCHEDULES)
    MaintenanceRun.begin(SITEMAP_SUBMISSION).end(
        MaintenanceRun.Outcome.FAILED, "It is about a secret.example."
    )
    page = body_of(console, "/schedules/")
    assert "state-failed" in page
    assert "secret.example" not in page
    User.objects.update(is_superuser=True, is_staff=True)
    assert "secret.example" in body_of(console, "/schedules/")


def test_a_schedule_of_the_console_that_is_off_or_late_is_marked(console: Client) -> None:
    Schedule.objects.update(next_run=timezone.now())
    Schedule.objects.filter(name=SITEMAP_SUBMISSION).update(repeats=0)
    assert "Switched off" in body_of(console, "/schedules/")
    Schedule.objects.update(repeats=-1, next_run=timezone.now() - timedelta(days=69))
    assert body_of(console, "/schedules/").count("state-late") == len(SCHEDULES)
    assert "The schedules are late" in body_of(console, "/")


def test_the_list_costs_the_same_however_long_it_is(
    console: Client, default_tenant: Tenant
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            body_of(console, "/schedules/")
        return len(captured)

    recurring_batch(default_tenant)
    start_due(SUNDAY + timedelta(days=1))
    few = queries()
    for number in range(10):
        recurring_batch(default_tenant, f"List {number}")
    start_due(SUNDAY + timedelta(days=2))
    assert queries() == few


# Making and changing


def test_a_list_is_saved_as_it_was_typed(console: Client, user: User) -> None:
    page = post(console, "/schedules/new/", **GIVEN)
    created = RecurringBatch.objects.get()
    assert (created.name, created.created_by, created.domains) == (
        "Bakers",
        user,
        "a.example\nb.example",
    )
    assert (created.weekday, created.month_day, created.time_of_day) == (2, None, time(6, 30))
    assert created.scan_options.max_pages == 7
    assert "Bakers is saved. The next run is on" in page


def test_an_uploaded_list_is_kept_as_its_domains(console: Client) -> None:
    file = SimpleUploadedFile("list.csv", b"name,website\nA,https://a.example/x\nB,b.example\n")
    post(console, "/schedules/new/", **GIVEN | {"domains": "", "file": file})
    assert RecurringBatch.objects.get().domains == "a.example\nb.example"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": ""}, "This field is required"),
        ({"domains": "no domain here at all"}, "is a domain that can be scanned"),
        ({"weekday": ""}, "Choose the day."),
        ({"frequency": "monthly", "month_day": ""}, "Choose the day."),
        ({"frequency": "monthly", "month_day": "32"}, "less than or equal to 31"),
        ({"time_of_day": "late"}, "Enter a valid time"),
        ({"max_pages": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_used_comes_back_with_the_reason(
    console: Client, changes: dict[str, str], text: str
) -> None:
    response = console.post("/schedules/new/", GIVEN | changes)
    page = response.content.decode()
    assert response.status_code == 200
    assert text in page
    assert "Nothing was saved" in page
    assert not RecurringBatch.objects.exists()


def test_the_page_shows_what_is_stored_to_be_edited(
    console: Client, default_tenant: Tenant
) -> None:
    recurring = recurring_batch(
        default_tenant, frequency="monthly", month_day=31, options={"max_pages": 7}
    )
    page = body_of(console, page_of(recurring))
    assert 'value="06:00"' in page
    assert 'name="month_day" value="31"' in page
    assert 'name="max_pages" value="7"' in page
    assert '<option value="monthly" selected>' in page


def test_changes_are_saved(console: Client, default_tenant: Tenant) -> None:
    recurring = recurring_batch(default_tenant)
    page = post(console, page_of(recurring), **GIVEN | {"name": "Cooks", "follow": "on"})
    recurring.refresh_from_db()
    assert (recurring.name, recurring.domain_count, recurring.weekday) == ("Cooks", 2, 2)
    assert (recurring.scan_options.follow, recurring.scan_options.sitemaps) == (True, False)
    assert "The changes are saved." in page


def test_an_upload_goes_before_the_list_that_is_there(
    console: Client, default_tenant: Tenant
) -> None:
    recurring = recurring_batch(default_tenant, domains="a.example\nb.example")
    file = SimpleUploadedFile("list.txt", b"c.example")
    post(console, page_of(recurring), **GIVEN | {"file": file})
    recurring.refresh_from_db()
    assert recurring.domains == "c.example"


def test_a_change_that_is_refused_changes_nothing(console: Client, default_tenant: Tenant) -> None:
    recurring = recurring_batch(default_tenant)
    page = post(console, page_of(recurring), **GIVEN | {"domains": "localhost"})
    recurring.refresh_from_db()
    assert recurring.domains == "a.example"
    assert "localhost" in page
    assert "Rejected lines" in page


# Runs


def test_every_run_is_listed_with_its_outcome_and_note(
    console: Client, default_tenant: Tenant, user: User
) -> None:
    recurring = recurring_batch(default_tenant)
    assert "No runs yet." in body_of(console, page_of(recurring))
    run = start_now(recurring, user=user, now=SUNDAY)
    start_now(recurring, user=user, now=SUNDAY + timedelta(hours=1))
    page = body_of(console, page_of(recurring))
    assert "0 of 1 sites" in page
    assert "The previous run, “Bakers 2026-11-22 09:00”, is pending." in page
    assert run.batch
    complete(run.batch.jobs.get())
    run.batch.delete()
    assert "deleted" in body_of(console, page_of(recurring))


def test_run_now_leads_to_the_batch(console: Client, default_tenant: Tenant) -> None:
    recurring = recurring_batch(default_tenant)
    response = console.post(page_of(recurring, "run/"))
    assert response.headers["Location"] == f"/batches/{Batch.objects.get().pk}/"


def test_run_now_says_why_nothing_was_started(console: Client, default_tenant: Tenant) -> None:
    recurring = recurring_batch(default_tenant)
    console.post(page_of(recurring, "run/"))
    page = post(console, page_of(recurring, "run/"))
    assert "No batch was started. The previous run," in page
    assert Batch.objects.count() == 1


def test_the_switch_does_what_the_button_said(console: Client, default_tenant: Tenant) -> None:
    recurring = recurring_batch(default_tenant)
    for _ in range(2):
        page = post(console, page_of(recurring, "toggle/"), enabled="false")
        assert "Bakers is switched off." in page
        recurring.refresh_from_db()
        assert (recurring.enabled, recurring.next_run_at) == (False, None)
    assert "Bakers is switched on." in post(console, page_of(recurring, "toggle/"), enabled="true")
    recurring.refresh_from_db()
    assert recurring.next_run_at
    assert recurring.next_run_at > timezone.now()


def test_deleting_it_leaves_its_batches(console: Client, default_tenant: Tenant) -> None:
    recurring = recurring_batch(default_tenant)
    console.post(page_of(recurring, "run/"))
    assert "Bakers is deleted." in post(console, page_of(recurring, "delete/"))
    assert (RecurringBatch.objects.count(), Batch.objects.count()) == (0, 1)


def test_nothing_is_changed_by_a_link(console: Client, default_tenant: Tenant) -> None:
    recurring = recurring_batch(default_tenant)
    for action in ("run/", "toggle/", "delete/"):
        assert console.get(page_of(recurring, action)).status_code == 405


def test_who_may_only_look_gets_no_buttons(viewer: Client, default_tenant: Tenant) -> None:
    recurring = recurring_batch(default_tenant)
    page = body_of(viewer, page_of(recurring))
    assert "a.example" in page
    for text in ("Run now", "Delete", "Switch off", "Save"):
        assert text not in page


def test_the_next_runs_are_shown_before_anything_is_saved(console: Client) -> None:
    times = {"frequency": "cron", "cron": "0 6 * * MON", "time_zone": "Asia/Tokyo", "preview": "1"}
    page = console.post("/schedules/new/", times | {"name": "Typed"})
    assert len(page.context["upcoming"]) == 5
    assert {at.hour for at in page.context["upcoming"]} == {21}
    assert "Typed" in page.content.decode()
    assert "Nothing was saved" not in page.content.decode()
    bad = post(console, "/schedules/new/", **times | {"cron": "often"})
    assert "not a valid cron expression" in bad
    assert not RecurringBatch.objects.exists()


def test_rejected_lines_are_reported_after_saving(console: Client) -> None:
    page = post(console, "/schedules/new/", **GIVEN | {"domains": "a.example\nlocalhost"})
    assert "line 2 “localhost”" in page


def test_a_schedule_is_paused_until_a_date(console: Client, default_tenant: Tenant) -> None:
    url = page_of(recurring_batch(default_tenant), "pause/")
    assert "is paused until" in post(console, url, until="2100-01-01")
    assert RecurringBatch.objects.get().paused_until is not None
    assert "enter a date in the future" in post(console, url, until="soon")
