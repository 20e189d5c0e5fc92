"""Maintenance schedules: their last run, and whether they run at all."""

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule

from batches import maintenance
from batches.maintenance import (
    MINUTE_KEEPER,
    PURPOSES,
    RECURRING_BATCHES,
    SCHEDULES,
    SITEMAP_SUBMISSION,
    recorded,
)
from batches.models import MaintenanceRun, RecurringBatch
from batches.recurring import Plan, create_recurring
from scans.models import Domain
from scrapersky import health
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
LONG = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    """Return the time of the test, at which every schedule has just been planned."""
    moment = timezone.now()
    Schedule.objects.update(next_run=moment)
    return moment


def state_of(name: str, now: datetime) -> maintenance.ScheduleState:
    return next(state for state in maintenance.states(now) if state.name == name)


def switch_off(name: str) -> None:
    assert Schedule.objects.filter(name=name).update(repeats=0) == 1


def test_every_schedule_says_what_it_is_for() -> None:
    assert PURPOSES.keys() == SCHEDULES.keys()


def test_a_run_is_kept_with_what_it_did(now: datetime) -> None:
    recorded("minute keeper", lambda: "Nothing to do.")
    run = MaintenanceRun.objects.get()
    assert (run.outcome, run.note) == ("done", "Nothing to do.")
    assert run.ended_at
    assert now <= run.started_at <= run.ended_at + timedelta(seconds=1)


def test_a_run_that_raises_is_kept_as_failed_and_raises_still() -> None:
    def fail() -> None:
        raise RuntimeError("No more \x00 room.")

    with pytest.raises(RuntimeError):
        recorded("minute keeper", fail)
    run = MaintenanceRun.objects.get()
    assert (run.outcome, run.note) == ("failed", "RuntimeError: No more  room.")


def test_a_run_that_is_ended_by_the_queue_is_kept_as_failed() -> None:
    def stop() -> None:
        raise SystemExit("Task exceeded maximum timeout value")

    with pytest.raises(SystemExit):
        recorded("minute keeper", stop)
    assert MaintenanceRun.objects.get().outcome == "failed"


def test_the_end_of_a_run_that_another_one_followed_is_forgotten() -> None:
    slow = MaintenanceRun.begin("minute keeper")
    MaintenanceRun.begin("minute keeper")
    assert not slow.end(MaintenanceRun.Outcome.FAILED, "Too late.")
    assert MaintenanceRun.objects.get().outcome == "running"


def test_all_is_well_where_every_schedule_is_on(now: datetime) -> None:
    assert maintenance.problems(now) == []
    assert health.problems() == []
    assert [state.name for state in maintenance.states(now)] == list(SCHEDULES)


def test_a_schedule_that_is_not_run_in_time_is_late(now: datetime) -> None:
    assert not state_of(MINUTE_KEEPER, now).is_late
    assert state_of(MINUTE_KEEPER, now + LONG).is_late
    assert state_of(MINUTE_KEEPER, now + LONG).problem == ("The schedule “minute keeper” is late.")


def test_a_failed_run_is_a_problem_until_one_succeeds(now: datetime) -> None:
    MaintenanceRun.begin(SITEMAP_SUBMISSION).end(MaintenanceRun.Outcome.FAILED)
    assert health.problems() == ["The last run of the schedule “sitemap submission” failed."]
    recorded(SITEMAP_SUBMISSION, lambda: None)
    assert health.problems() == []


def test_a_run_that_never_ended_is_a_problem(now: datetime) -> None:
    MaintenanceRun.begin(SITEMAP_SUBMISSION)
    assert maintenance.problems(now) == []
    assert maintenance.problems(now + LONG) == [
        "The last run of the schedule “sitemap submission” never ended."
    ]


def test_a_keeper_that_is_switched_off_or_gone_is_a_problem(now: datetime) -> None:
    switch_off(MINUTE_KEEPER)
    assert health.problems() == ["The schedule “minute keeper” is switched off."]
    Schedule.objects.filter(name=MINUTE_KEEPER).delete()
    assert health.problems() == ["The schedule “minute keeper” is switched off."]
    assert state_of(MINUTE_KEEPER, now).is_off


def test_a_submission_that_is_switched_off_is_a_problem_once_domains_wait_for_it(
    default_tenant: Tenant, now: datetime
) -> None:
    switch_off(SITEMAP_SUBMISSION)
    assert maintenance.problems(now) == []
    Domain.objects.create(
        tenant=default_tenant,
        host="a.example",
        sitemap_analysis_status="queued",
        sitemap_queued_at=now,
    )
    assert maintenance.problems(now) == []
    assert maintenance.problems(now + LONG) == [
        "The schedule “sitemap submission” is switched off."
    ]
    Domain.objects.update(sitemap_queued_at=None)
    assert maintenance.problems(now) == ["The schedule “sitemap submission” is switched off."]


def test_recurring_batches_that_are_switched_off_are_a_problem_once_one_is_due(
    default_tenant: Tenant, now: datetime
) -> None:
    switch_off(RECURRING_BATCHES)
    plan = Plan("Bakers", "a.example", "daily", time(6))
    create_recurring(plan, tenant=default_tenant, created_by=None, now=now)
    assert maintenance.problems(now) == []
    RecurringBatch.objects.update(next_run_at=now - LONG)
    assert maintenance.problems(now) == ["The schedule “recurring batches” is switched off."]
