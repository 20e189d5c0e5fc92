"""Recurring batches: saved, started once each when due, skipped while the last one is active."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django_q.models import Schedule

from batches import tasks
from batches.models import Batch, MaintenanceRun, RecurringBatch, RecurringRun
from batches.options import BatchOptions
from batches.recurring import Plan, change_recurring, create_recurring, start_due, start_now
from batches.tests.outcomes import complete
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
SUNDAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Plan("Bakers", "a.example\nb.example", "daily", time(6))


def save(tenant: Tenant, user: User | None = None, **changes: Any) -> RecurringBatch:
    plan = replace(PLAN, **changes)
    return create_recurring(plan, tenant=tenant, created_by=user, now=SUNDAY)


def next_of(recurring: RecurringBatch) -> datetime | None:
    recurring.refresh_from_db()
    return recurring.next_run_at


def runs_of(recurring: RecurringBatch) -> list[tuple[datetime, str]]:
    runs = recurring.runs.order_by("planned_at").values_list("planned_at", "outcome")
    return list(runs)


def end_all() -> None:
    for batch in Batch.objects.filter(status__in=Batch.ACTIVE):
        for job in batch.jobs.select_related("domain"):
            complete(job)


# Saving


def test_the_first_run_is_the_next_time_that_fits(default_tenant: Tenant) -> None:
    weekly = save(default_tenant, frequency="weekly", weekday=2)
    assert next_of(weekly) == datetime(2026, 11, 25, 6, tzinfo=UTC)
    assert str(weekly.timing) == "Every Wednesday at 06:00 (UTC)"


def test_a_day_that_its_frequency_does_not_have_is_left_out(default_tenant: Tenant) -> None:
    recurring = save(default_tenant, frequency="monthly", weekday=3, month_day=31)
    assert (recurring.weekday, recurring.month_day) == (None, 31)
    assert str(recurring.timing).startswith("Every month on day 31, or the month's last day,")
    assert next_of(recurring) == datetime(2026, 11, 30, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"domains": "nothing to scan here"}, "domains"),
        ({"domains": " "}, "domains"),
        ({"name": "  "}, "name"),
        ({"frequency": "yearly"}, "frequency"),
        ({"frequency": "weekly"}, "__all__"),
        ({"frequency": "weekly", "weekday": 7}, "weekday"),
        ({"frequency": "monthly", "month_day": 32}, "__all__"),
        ({"frequency": "cron", "cron": "often"}, "cron"),
        ({"frequency": "cron", "cron": "0 6 30 2 *"}, "cron"),
        ({"frequency": "cron"}, "__all__"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"while_running": "hope"}, "while_running"),
        ({"options": {"max_pages": 0}}, "max_pages"),
        ({"options": {"colour": "red"}}, "colour"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    default_tenant: Tenant, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        save(default_tenant, **changes)
    assert field in refusal.value.message_dict
    assert not RecurringBatch.objects.exists()


@pytest.mark.parametrize(
    "columns",
    [
        {"frequency": "hourly"},
        {"weekday": 1},
        {"frequency": "weekly"},
        {"frequency": "monthly", "month_day": 0},
        {"enabled": False},
        {"next_run_at": None},
        {"domain_count": 0},
    ],
)
def test_the_database_refuses_what_makes_no_sense(
    default_tenant: Tenant, columns: dict[str, Any]
) -> None:
    recurring = save(default_tenant)
    with pytest.raises(IntegrityError), transaction.atomic():
        RecurringBatch.objects.filter(pk=recurring.pk).update(**columns)


def test_a_change_of_the_list_leaves_the_next_run_where_it_is(default_tenant: Tenant) -> None:
    recurring = save(default_tenant)
    planned = next_of(recurring)
    later = SUNDAY + 3 * DAY
    change_recurring(recurring, replace(PLAN, domains="c.example", name="Cooks"), now=later)
    assert next_of(recurring) == planned
    assert (recurring.name, recurring.domain_count) == ("Cooks", 1)


def test_a_change_of_the_time_moves_the_next_run(default_tenant: Tenant) -> None:
    recurring = save(default_tenant)
    change_recurring(recurring, replace(PLAN, time_of_day=time(23, 30)), now=SUNDAY)
    assert next_of(recurring) == datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


def test_a_change_does_not_switch_on_what_is_off(default_tenant: Tenant) -> None:
    recurring = save(default_tenant)
    assert recurring.disable(SUNDAY)
    change_recurring(recurring, replace(PLAN, time_of_day=time(7)), now=SUNDAY)
    assert next_of(recurring) is None
    assert not recurring.enabled


def test_switched_off_it_is_never_due_and_switched_on_it_does_not_make_up_for_it(
    default_tenant: Tenant,
) -> None:
    recurring = save(default_tenant)
    assert recurring.disable(SUNDAY)
    assert not recurring.disable(SUNDAY)
    assert start_due(SUNDAY + 9 * DAY) == "None was due."
    assert recurring.enable(SUNDAY + 9 * DAY)
    assert next_of(recurring) == datetime(2026, 12, 2, 6, tzinfo=UTC)
    assert not recurring.enable(SUNDAY)


def test_a_pause_ends_at_its_moment_or_by_hand(default_tenant: Tenant) -> None:
    recurring = save(default_tenant)
    until = SUNDAY + 9 * DAY
    assert recurring.pause(until, SUNDAY)
    assert start_due(SUNDAY + 8 * DAY) == "None was due."
    assert next_of(recurring) == datetime(2026, 12, 2, 6, tzinfo=UTC)
    assert recurring.upcoming(SUNDAY)[0] == next_of(recurring)
    change_recurring(recurring, replace(PLAN, time_of_day=time(7)), now=SUNDAY)
    assert next_of(recurring) == datetime(2026, 12, 2, 7, tzinfo=UTC)
    assert recurring.enable(SUNDAY)
    assert next_of(recurring) == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert not recurring.is_paused(SUNDAY)


def test_a_local_time_is_that_of_the_time_zone(default_tenant: Tenant) -> None:
    recurring = save(default_tenant, time_zone="Asia/Tokyo")
    assert next_of(recurring) == datetime(2026, 11, 22, 21, tzinfo=UTC)
    start_due(SUNDAY + DAY)
    assert Batch.objects.get().name == "Bakers 2026-11-23 06:00"


# Starting


def test_a_due_list_becomes_a_batch_and_is_planned_anew(default_tenant: Tenant, user: User) -> None:
    recurring = save(default_tenant, user, options={"max_pages": 7})
    planned = next_of(recurring)
    assert planned
    assert start_due(planned - timedelta(seconds=1)) == "None was due."
    assert start_due(planned + timedelta(seconds=30)) == "1 started"
    run = RecurringRun.objects.get()
    batch = run.batch
    assert batch
    assert (run.planned_at, run.outcome, run.note) == (planned, "started", "")
    assert (batch.tenant, batch.created_by, batch.total) == (default_tenant, user, 2)
    assert batch.name == "Bakers 2026-11-23 06:00"
    assert batch.scan_options == BatchOptions(max_pages=7)
    assert batch.metadata["recurring_batch"] == str(recurring.pk)
    assert next_of(recurring) == planned + DAY


def test_the_list_is_read_as_a_pasted_one_with_its_refused_lines(default_tenant: Tenant) -> None:
    save(
        default_tenant,
        domains="https://www.A.example/x\n# a comment\nlocalhost\nB.example b.example",
    )
    start_due(SUNDAY + DAY)
    batch = Batch.objects.get()
    assert [str(job.domain) for job in batch.jobs.all()] == ["a.example", "b.example"]
    assert (batch.metadata["refused_count"], batch.metadata["duplicates"]) == (1, 1)


def test_a_run_is_skipped_with_a_note_while_the_one_before_goes_on(default_tenant: Tenant) -> None:
    recurring = save(default_tenant)
    start_due(SUNDAY + DAY)
    assert start_due(SUNDAY + 2 * DAY) == "1 skipped"
    skipped = recurring.runs.get(outcome="skipped")
    assert skipped.batch is None
    assert skipped.note == "The previous run, “Bakers 2026-11-23 06:00”, is pending."
    assert Batch.objects.count() == 1
    end_all()
    assert start_due(SUNDAY + 3 * DAY) == "1 started"


def test_one_run_is_queued_until_the_one_before_has_ended(default_tenant: Tenant) -> None:
    recurring = save(default_tenant, while_running="queue")
    start_due(SUNDAY + DAY)
    assert start_due(SUNDAY + 2 * DAY) == "1 queued"
    assert start_due(SUNDAY + 3 * DAY) == "1 skipped"
    end_all()
    assert start_due(SUNDAY + 3 * DAY) == "1 started"
    assert [outcome for _, outcome in runs_of(recurring)] == ["started", "started", "skipped"]
    assert recurring.runs.filter(outcome="started", batch__isnull=False).count() == 2


def test_a_queued_run_of_a_schedule_that_was_switched_off_is_skipped(
    default_tenant: Tenant,
) -> None:
    recurring = save(default_tenant, while_running="queue")
    start_due(SUNDAY + DAY)
    start_due(SUNDAY + 2 * DAY)
    recurring.disable(SUNDAY + 2 * DAY)
    end_all()
    assert start_due(SUNDAY + 3 * DAY) == "1 skipped"
    assert "switched off" in recurring.runs.get(outcome="skipped").note


def test_a_paused_run_is_one_that_goes_on(default_tenant: Tenant) -> None:
    recurring = save(default_tenant)
    start_due(SUNDAY + DAY)
    Batch.objects.filter().pause()
    start_due(SUNDAY + 2 * DAY)
    assert recurring.runs.get(outcome="skipped").note.endswith("is paused.")


def test_the_batch_of_another_list_holds_up_nothing(default_tenant: Tenant) -> None:
    save(default_tenant)
    start_due(SUNDAY + DAY)
    save(default_tenant, name="Cooks", time_of_day=time(10))
    assert start_due(SUNDAY + timedelta(hours=2)) == "1 started"


def test_runs_that_were_missed_are_made_up_for_by_one(default_tenant: Tenant) -> None:
    recurring = save(default_tenant)
    planned = next_of(recurring)
    assert planned
    back = SUNDAY + 69 * DAY
    assert start_due(back) == "1 started"
    assert start_due(back) == "None was due."
    assert runs_of(recurring) == [(planned, "started")]
    assert "missed" in recurring.runs.get().note
    assert next_of(recurring) == datetime(2027, 1, 31, 6, tzinfo=UTC)


def test_a_list_that_cannot_be_scanned_any_more_fails_with_the_reason(
    default_tenant: Tenant,
) -> None:
    bad, good = save(default_tenant), save(default_tenant, name="Cooks")
    RecurringBatch.objects.filter(pk=bad.pk).update(domains="10.0.0.1")
    assert start_due(SUNDAY + DAY) == "1 started, 1 failed"
    run = bad.runs.get()
    assert (run.outcome, run.batch) == ("failed", None)
    assert run.note.startswith("Give 1 to 100,000 domains")
    assert good.runs.get().outcome == "started"
    assert next_of(bad) == SUNDAY.replace(hour=6) + 2 * DAY


def test_a_batch_that_the_database_refuses_fails_alone(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    recurring = save(default_tenant)

    def refused(*args: Any, **kwargs: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO batches_maintenancerun (id) VALUES (NULL)")

    monkeypatch.setattr("batches.services.add_jobs", refused)
    assert start_due(SUNDAY + DAY) == "1 failed"
    run = recurring.runs.get()
    assert run.note == "The batch could not be created: IntegrityError."
    assert not Batch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_start_a_due_list_once(default_tenant: Tenant) -> None:
    recurring = [save(default_tenant, name=f"List {number}") for number in range(5)]
    gate, summary = threading.Barrier(4), []

    def schedule() -> None:
        gate.wait()
        summary.append(start_due(SUNDAY + DAY))
        connection.close()

    threads = [threading.Thread(target=schedule) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(summary) == 4
    assert [len(runs_of(one)) for one in recurring] == [1] * 5
    assert Batch.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_start_one_batch(default_tenant: Tenant, user: User) -> None:
    recurring = save(default_tenant)
    gate = threading.Barrier(2)

    def click(second: int) -> None:
        gate.wait()
        start_now(recurring, user=user, now=SUNDAY + timedelta(seconds=second))
        connection.close()

    threads = [threading.Thread(target=click, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome for _, outcome in runs_of(recurring)) == ["skipped", "started"]
    assert Batch.objects.count() == 1


def test_a_run_by_hand_leaves_the_planned_one_where_it_is(
    default_tenant: Tenant, user: User
) -> None:
    recurring = save(default_tenant)
    planned = next_of(recurring)
    run = start_now(recurring, user=user, now=SUNDAY)
    assert (run.outcome, run.note) == ("started", "Started by hand by member.")
    assert run.batch
    assert run.batch.created_by == user
    assert next_of(recurring) == planned


def test_what_is_switched_off_can_be_run_by_hand(default_tenant: Tenant, user: User) -> None:
    recurring = save(default_tenant)
    recurring.disable(SUNDAY)
    assert start_now(recurring, user=user, now=SUNDAY).outcome == "started"


def test_a_run_outlives_its_batch_and_a_batch_its_schedule(
    default_tenant: Tenant, user: User
) -> None:
    recurring = save(default_tenant)
    start_now(recurring, user=user, now=SUNDAY)
    end_all()
    Batch.objects.get().delete()
    assert runs_of(recurring) == [(SUNDAY, "started")]
    start_now(recurring, user=user, now=SUNDAY + DAY)
    recurring.delete()
    assert (RecurringRun.objects.count(), Batch.objects.count()) == (0, 1)


def test_only_a_started_run_has_a_batch(default_tenant: Tenant, user: User) -> None:
    run = start_now(save(default_tenant), user=user, now=SUNDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        RecurringRun.objects.filter(pk=run.pk).update(outcome="failed")


def test_the_schedule_starts_what_is_due(default_tenant: Tenant) -> None:
    save(default_tenant)
    RecurringBatch.objects.update(next_run_at=SUNDAY - 300 * DAY)
    tasks.start_recurring()
    assert Batch.objects.count() == 1
    run = MaintenanceRun.objects.get()
    assert (run.name, run.outcome, run.note) == ("recurring batches", "done", "1 started")
    assert Schedule.objects.get(name=run.name).func == "batches.tasks.start_recurring"
