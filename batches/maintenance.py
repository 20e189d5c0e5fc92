"""The console's own schedules: what they run, how each run went, and when they need attention."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django_q.models import Schedule

from batches.models import MaintenanceRun, RecurringBatch
from scans.models import Domain

MINUTE_KEEPER = "minute keeper"
SITEMAP_SUBMISSION = "sitemap submission"
RECURRING_BATCHES = "recurring batches"
TECHNOLOGY_COUNTS = "technology counts"


def _every(minutes: int, func: str) -> dict[str, Any]:
    return {"func": func, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1}


SCHEDULES: dict[str, dict[str, Any]] = {
    MINUTE_KEEPER: _every(1, "batches.tasks.keep_minute"),
    SITEMAP_SUBMISSION: _every(1, "batches.tasks.submit_sitemaps"),
    RECURRING_BATCHES: _every(1, "batches.tasks.start_recurring"),
    TECHNOLOGY_COUNTS: _every(5, "batches.tasks.count_technologies"),
}
PURPOSES = {
    MINUTE_KEEPER: "Recovers jobs of lost workers, ends finished batches, and checks counters.",
    SITEMAP_SUBMISSION: "Reads the sitemaps of queued domains, oldest first.",
    RECURRING_BATCHES: "Starts the recurring batches that are due.",
    TECHNOLOGY_COUNTS: "Updates the number of domains per technology after new scans.",
}

# django-q2 checks its schedules about every 30 seconds.
LATE_AFTER = timedelta(seconds=120)
# A task that has run for this long was killed or will be.
STUCK_AFTER = timedelta(minutes=10)
# How long queued domains and due batches may wait before it counts as a problem.
WORK_PATIENCE = timedelta(minutes=10)


def recorded(name: str, task: Callable[[], str | None]) -> None:
    """Run a task and record its outcome; `task` returns a summary sentence or None."""
    row = MaintenanceRun.begin(name)
    try:
        note = task()
    except BaseException as error:  # the task ends here, so its outcome must be recorded
        with suppress(DatabaseError):
            row.end(MaintenanceRun.Outcome.FAILED, f"{type(error).__name__}: {error}")
        raise
    row.end(MaintenanceRun.Outcome.DONE, note or "")


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """One of the console's own schedules: when it runs and how its last run went."""

    name: str
    purpose: str
    schedule: Schedule | None
    last_run: MaintenanceRun | None
    now: datetime

    @property
    def is_off(self) -> bool:
        """Whether an operator disabled or deleted it."""
        return self.schedule is None or self.schedule.repeats == 0

    @property
    def is_late(self) -> bool:
        if self.schedule is None or self.is_off or self.schedule.next_run is None:
            return False
        return self.schedule.next_run < self.now - LATE_AFTER

    @property
    def is_stuck(self) -> bool:
        """Whether the last run started long ago and never ended."""
        row = self.last_run
        return bool(row and row.ended_at is None and row.started_at < self.now - STUCK_AFTER)

    @property
    def has_failed(self) -> bool:
        return self.is_stuck or bool(
            self.last_run and self.last_run.outcome == MaintenanceRun.Outcome.FAILED
        )

    @property
    def problem(self) -> str:
        """Return what is wrong with the schedule; empty if nothing is."""
        if self.is_off:
            return f"The schedule “{self.name}” is switched off."
        if self.is_stuck:
            return f"The last run of the schedule “{self.name}” never ended."
        if self.has_failed:
            return f"The last run of the schedule “{self.name}” failed."
        return f"The schedule “{self.name}” is late." if self.is_late else ""


def states(now: datetime) -> list[ScheduleState]:
    """Return the state of each of the console's schedules."""
    # If several schedules have the same name, use the first.
    rows = Schedule.objects.filter(name__in=SCHEDULES).order_by("-pk")
    schedules = {row.name: row for row in rows}
    runs = {row.name: row for row in MaintenanceRun.objects.filter(name__in=SCHEDULES)}
    return [
        ScheduleState(name, PURPOSES[name], schedules.get(name), runs.get(name), now)
        for name in SCHEDULES
    ]


def problems(now: datetime) -> list[str]:
    """Return a message for each schedule that fails, apart from late ones.

    A disabled schedule is a problem only if work is waiting for it.
    """
    failing = [state for state in states(now) if state.is_off or state.has_failed]
    return [
        state.problem
        for state in failing
        if not state.is_off or _is_waited_for(state.name, now - WORK_PATIENCE)
    ]


def _is_waited_for(name: str, since: datetime) -> bool:
    """Return whether a schedule has had work waiting since a time; housekeeping always has."""
    if name == SITEMAP_SUBMISSION:
        queued = Domain.SitemapAnalysis.QUEUED
        waiting = Domain.objects.filter(sitemap_analysis_status=queued)
        return waiting.exclude(sitemap_queued_at__gt=since).exists()
    if name == RECURRING_BATCHES:
        return RecurringBatch.objects.due(since).exists()
    return True
