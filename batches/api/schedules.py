"""Schedules through the API: list, create, change, run now, pause, delete."""

from dataclasses import replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from batches import recurring as services
from batches.models import RecurringBatch, RecurringRun
from batches.options import BatchOptions
from batches.recurring import Plan, read_domains
from scrapersky.tenants.access import get_readable, get_writable, readable, tenant_for_new_rows
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import ConflictError, InputError, Problem, RefusedValue
from scrapersky.web.api_input import RequestBody

READ = {401: Problem, 404: Problem, 422: Problem}
WRITE = {403: Problem, **READ}
# Runs included in the response for one schedule.
SHOWN_RUNS = 100
SHOWN_REJECTIONS = 1_000

IMPLIED = {"cron": "cron", "weekday": "weekly", "month_day": "monthly"}

router = Router()


class ScheduleChanges(RequestBody):
    """The settings of a schedule; omitted fields keep their values."""

    name: str | None = Field(default=None, max_length=200)
    domains: str | list[str] | None = Field(
        default=None, description="The domains as a list, or as a text with a domain on each line."
    )
    source: str | None = Field(
        default=None,
        max_length=200,
        description="Instead of `domains`: `list:<id>` or `view:<id>`, a saved list or a saved "
        "view of domains, as it is at each run.",
    )
    frequency: str | None = Field(default=None, description="daily, weekly, monthly or cron.")
    weekday: int | None = Field(default=None, ge=0, le=6, description="0 is Monday.")
    month_day: int | None = Field(
        default=None, ge=1, le=31, description="Shorter months use their last day."
    )
    time_of_day: time | None = None
    cron: str | None = Field(
        default=None, max_length=100, description="A cron expression of five fields."
    )
    time_zone: str | None = Field(default=None, max_length=64, description="Europe/Berlin.")
    while_running: str | None = Field(
        default=None, description="skip or queue a run while the previous one is active."
    )
    options: dict[str, Any] | None = Field(default=None, description="The options of a batch.")

    def applied_to(self, plan: Plan) -> Plan:
        """Return a plan with these changes; a day or a cron expression implies the frequency."""
        changes: dict[str, Any] = self.model_dump(exclude_none=True)
        if isinstance(changes.get("domains"), list):
            changes["domains"] = "\n".join(changes["domains"])
        if changes.get("source") and changes.get("domains"):
            raise InputError("source", "Send `domains` or `source`, not both.")
        if "source" in changes or "domains" in changes:
            changes = {"source": "", "domains": "", **changes}
        implied = [frequency for name, frequency in IMPLIED.items() if name in changes]
        return replace(plan, **{"frequency": (implied or [plan.frequency])[0], **changes})


class ScheduleIn(ScheduleChanges):
    """A new schedule; by default it runs every day at 06:00 UTC."""

    name: str = Field(max_length=200)


class PauseIn(RequestBody):
    until: datetime = Field(description="No run starts before this time.")


class RunOut(Schema):
    """A time at which a schedule was due, and its outcome: started, queued, skipped or failed."""

    planned_at: datetime
    outcome: str
    note: str
    batch_id: UUID | None
    status: str | None
    completed: int | None
    failed: int | None
    total: int | None


class ScheduleOut(Schema):
    schedule_id: UUID
    name: str
    source: str = Field(description="Its saved list or view; empty if it has a list of its own.")
    domain_count: int
    frequency: str
    weekday: int | None
    month_day: int | None
    time_of_day: time
    cron: str
    time_zone: str
    while_running: str
    options: dict[str, Any]
    enabled: bool
    paused_until: datetime | None
    next_runs: list[datetime] = Field(description="The next five times.")


class ScheduleDetail(ScheduleOut):
    """A schedule with its list, its latest 100 runs, and the lines it leaves out."""

    domains: str
    runs: list[RunOut]
    invalid: list[RefusedValue]
    invalid_count: int


@router.get("", response={200: list[ScheduleOut], 401: Problem})
def list_schedules(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the schedules that you may read, by name."""
    rows = readable(RecurringBatch.objects.defer("domains"), caller(request))
    return [_summary(row) for row in rows.order_by("name", "id")[:1_000]]


@router.post("", response={201: ScheduleDetail, **WRITE})
def create_schedule(request: HttpRequest, payload: ScheduleIn) -> Status:
    """Create a schedule; `invalid` in the response lists the lines that are left out."""
    user = caller(request)
    tenant = tenant_for_new_rows(user)
    plan = payload.applied_to(Plan(payload.name, "", "daily", time(6), chooser=user))
    try:
        row = services.create_recurring(plan, tenant=tenant, created_by=user, now=timezone.now())
    except ValidationError as error:
        raise _input_error(error) from error
    return Status(201, _detail(row))


@router.get("/{uuid:schedule_id}", response={200: ScheduleDetail, **READ})
def get_schedule(request: HttpRequest, schedule_id: UUID) -> dict[str, Any]:
    """Return a schedule with its latest runs."""
    return _detail(get_readable(RecurringBatch.objects.all(), caller(request), pk=schedule_id))


@router.patch("/{uuid:schedule_id}", response={200: ScheduleDetail, **WRITE})
def change_schedule(
    request: HttpRequest, schedule_id: UUID, payload: ScheduleChanges
) -> dict[str, Any]:
    """Change a schedule; its next run moves only if its times change."""
    row = _writable(request, schedule_id)
    names = (*ScheduleChanges.model_fields,)
    plan = Plan(**{name: getattr(row, name) for name in names}, chooser=caller(request))
    try:
        changed = services.change_recurring(row, payload.applied_to(plan), now=timezone.now())
    except ValidationError as error:
        raise _input_error(error) from error
    return _detail(changed)


@router.delete("/{uuid:schedule_id}", response={204: None, **WRITE})
def delete_schedule(request: HttpRequest, schedule_id: UUID) -> Status:
    """Delete a schedule and its history; its batches and their results are kept."""
    _writable(request, schedule_id).delete()
    return Status(204, None)


@router.post("/{uuid:schedule_id}/run", response={200: RunOut, **WRITE})
def run_schedule(request: HttpRequest, schedule_id: UUID) -> dict[str, Any]:
    """Run a schedule now; its planned runs stay as they are."""
    row = _writable(request, schedule_id)
    return _run(services.start_now(row, user=caller(request), now=timezone.now()))


@router.post("/{uuid:schedule_id}/pause", response={200: ScheduleDetail, 409: Problem, **WRITE})
def pause_schedule(request: HttpRequest, schedule_id: UUID, payload: PauseIn) -> dict[str, Any]:
    """Pause a schedule until a given time."""
    row, now = _writable(request, schedule_id), timezone.now()
    until = payload.until
    if timezone.is_naive(until):
        raise InputError("until", "Add the time zone: 2026-12-01T00:00:00Z.")
    if until <= now:
        raise InputError("until", "Enter a time in the future.")
    if not row.pause(until, now):
        raise ConflictError("until", "The schedule is switched off.")
    return _refreshed(row)


@router.post("/{uuid:schedule_id}/enable", response={200: ScheduleDetail, **WRITE})
def enable_schedule(request: HttpRequest, schedule_id: UUID) -> dict[str, Any]:
    """Switch a schedule on, or end its pause."""
    row = _writable(request, schedule_id)
    row.enable(timezone.now())
    return _refreshed(row)


@router.post("/{uuid:schedule_id}/disable", response={200: ScheduleDetail, **WRITE})
def disable_schedule(request: HttpRequest, schedule_id: UUID) -> dict[str, Any]:
    """Switch a schedule off."""
    row = _writable(request, schedule_id)
    row.disable(timezone.now())
    return _refreshed(row)


def _writable(request: HttpRequest, schedule_id: UUID) -> RecurringBatch:
    return get_writable(RecurringBatch.objects.all(), caller(request), pk=schedule_id)


def _refreshed(row: RecurringBatch) -> dict[str, Any]:
    row.refresh_from_db()
    return _detail(row)


def _input_error(error: ValidationError) -> InputError:
    """Return the first error of a service's field errors."""
    errors = getattr(error, "error_dict", {"__all__": [error]})
    name, messages = next(iter(errors.items()))
    field = "schedule" if name == "__all__" else name
    return InputError(field, " ".join(ValidationError(messages).messages))


def _summary(row: RecurringBatch) -> dict[str, Any]:
    names = set(ScheduleOut.model_fields) - {"schedule_id", "next_runs", "options"}
    return {name: getattr(row, name) for name in names} | {
        "schedule_id": row.pk,
        "options": BatchOptions.stored(row.options).as_dict(),
        "next_runs": row.upcoming(timezone.now()),
    }


def _detail(row: RecurringBatch) -> dict[str, Any]:
    parsed = read_domains(row.domains)
    runs = row.runs.select_related("batch").order_by("-planned_at", "-pk")[:SHOWN_RUNS]
    return _summary(row) | {
        "domains": row.domains,
        "runs": [_run(run) for run in runs],
        "invalid": [
            {"line": line.line, "value": line.value, "reason": line.reason}
            for line in parsed.rejected[:SHOWN_REJECTIONS]
        ],
        "invalid_count": parsed.rejected_count,
    }


def _run(run: RecurringRun) -> dict[str, Any]:
    batch = run.batch
    return {
        "planned_at": run.planned_at,
        "outcome": run.outcome,
        "note": run.note,
        "batch_id": run.batch_id,
        "status": batch and batch.status,
        "completed": batch and batch.completed,
        "failed": batch and batch.failed,
        "total": batch and batch.total,
    }
