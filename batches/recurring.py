"""Save recurring batches, and start those that are due, once each."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from batches.large_lists import create_batch_of_any_size
from batches.list_parsing import read_pasted, rejections
from batches.models import Batch, RecurringBatch, RecurringRun
from batches.options import BatchOptions
from batches.sources import LIST, VIEW, find_source, source_of_schedule
from batches.timing import Timing
from scans.engine.lists.collection import ParsedList
from scans.engine.lists.errors import UnreadableFile
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.regional import time_zones

logger = logging.getLogger(__name__)

Outcome = RecurringRun.Outcome


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a recurring batch: its domains, options and times."""

    name: str
    # A pasted list of domains.
    domains: str
    frequency: str
    time_of_day: time
    weekday: int | None = None
    month_day: int | None = None
    cron: str = ""
    time_zone: str = "UTC"
    while_running: str = RecurringBatch.WhileRunning.SKIP
    options: dict[str, Any] = field(default_factory=dict)
    # Instead of `domains`: the key of a saved list or view (`batches.sources`), and who selected
    # it.
    source: str = ""
    chooser: User | None = None


def create_recurring(
    plan: Plan, *, tenant: Tenant, created_by: User | None, now: datetime
) -> RecurringBatch:
    """Save a recurring batch; its first run is at the next matching time.

    Raises `ValidationError` with a message per invalid field.
    """
    recurring = RecurringBatch(tenant=tenant, created_by=created_by)
    _apply(recurring, plan)
    recurring.next_run_at = recurring.time_after(now)
    recurring.full_clean()
    recurring.save(force_insert=True)
    return recurring


def change_recurring(recurring: RecurringBatch, plan: Plan, *, now: datetime) -> RecurringBatch:
    """Change a recurring batch; the next run moves only if the times changed.

    Raises `ValidationError` as `create_recurring` does.
    """
    with transaction.atomic():
        rows = RecurringBatch.objects.select_for_update(no_key=True, of=("self",))
        row = rows.select_related("tenant").get(pk=recurring.pk)
        before = row.timing
        _apply(row, plan)
        if row.enabled and row.timing != before:
            row.next_run_at = row.time_after(now)
        row.updated_at = now
        row.full_clean()
        row.save()
    return row


def _apply(recurring: RecurringBatch, plan: Plan) -> None:
    if plan.source:
        _refer(recurring, plan)
    else:
        _keep_list(recurring, plan.domains)
    recurring.name = plan.name.strip()
    recurring.options = BatchOptions.validated(plan.options).as_dict()
    recurring.frequency = plan.frequency
    timing = Timing.of(
        plan.frequency,
        at=plan.time_of_day,
        weekday=plan.weekday,
        month_day=plan.month_day,
        cron=plan.cron,
        time_zone=plan.time_zone,
    )
    recurring.time_of_day, recurring.cron = timing.at, timing.cron
    recurring.weekday, recurring.month_day = timing.weekday, timing.month_day
    recurring.time_zone = plan.time_zone
    recurring.while_running = plan.while_running
    if plan.time_zone not in time_zones():
        message = f"There is no time zone named {plan.time_zone}. Use one such as Europe/Berlin."
        raise ValidationError({"time_zone": message})
    recurring.clean_fields()


def _keep_list(recurring: RecurringBatch, text: str) -> None:
    """Give a recurring batch a list of its own."""
    parsed = read_domains(text)
    if not parsed.accepted:
        raise ValidationError({"domains": "Enter at least one domain that can be scanned."})
    recurring.source_kind = RecurringBatch.SourceKind.DOMAINS
    recurring.domain_list = recurring.saved_view = None
    recurring.domains, recurring.domain_count = text, len(parsed.accepted)


def _refer(recurring: RecurringBatch, plan: Plan) -> None:
    """Let a recurring batch use a saved list or view; the one it already uses remains allowed."""
    try:
        source = (
            source_of_schedule(recurring)
            if plan.source == recurring.source
            else find_source(plan.source, user=plan.chooser, tenant=recurring.tenant)
        )
        if source.kind not in (LIST, VIEW):
            raise ValidationError("Save the filters as a view; a schedule can use the view.")
        recurring.domain_count = len(source.hosts())
    except ValidationError as error:
        raise ValidationError({"source": error.messages}) from error
    recurring.source_kind, recurring.domains = source.kind, ""
    recurring.domain_list_id = UUID(source.value) if source.kind == LIST else None
    recurring.saved_view_id = UUID(source.value) if source.kind == VIEW else None


def read_domains(text: str) -> ParsedList:
    """Read the list of a recurring batch; raise ValidationError if it is too long."""
    try:
        return read_pasted(text, without_limit=True)
    except UnreadableFile as error:
        raise ValidationError({"domains": str(error)}) from error


def start_due(now: datetime) -> str:
    """Start every run that is due or queued; return a summary sentence."""
    rows = RecurringBatch.objects.due(now).defer("domains")
    runs = [run for due in rows if (run := _take(due, now))]
    queued = RecurringRun.objects.queued().order_by("planned_at")
    queued = queued.select_related("recurring").defer("recurring__domains")
    runs += [run for waiting in queued if (run := _start_queued(waiting, now))]
    outcomes = [run.outcome for run in runs]
    if not outcomes:
        return "None was due."
    return ", ".join(f"{outcomes.count(o)} {o.label.lower()}" for o in Outcome if o in outcomes)


def _take(recurring: RecurringBatch, now: datetime) -> RecurringRun | None:
    """Start one due run; return None if another scheduler was faster or it is no longer due.

    This run replaces all times missed while no scheduler was running.
    """
    planned = recurring.next_run_at
    with transaction.atomic():
        if planned is None or not recurring.claim(planned, now):
            return None
        recurring.refresh_from_db()
        return _run(recurring, planned, now, note=_missed(recurring, planned, now))


def _missed(recurring: RecurringBatch, planned: datetime, now: datetime) -> str:
    if recurring.time_after(planned) > now:
        return ""
    return "Later runs were missed too; this run replaces them."


def start_now(recurring: RecurringBatch, *, user: User | None, now: datetime) -> RecurringRun:
    """Run a recurring batch manually; its planned runs are unchanged.

    Of two simultaneous clicks, the second finds the first one's batch active and is skipped.
    """
    with transaction.atomic():
        return _run(
            _locked(recurring),
            now,
            now,
            note=f"Started by hand by {user}." if user else "Started by a command.",
            created_by=user,
        )


def _start_queued(run: RecurringRun, now: datetime) -> RecurringRun | None:
    """Start a queued run once the previous one has ended; return None while it has to wait."""
    with transaction.atomic():
        recurring = _locked(run.recurring)
        if not RecurringRun.objects.queued().filter(pk=run.pk).exists() or _active(recurring):
            return None
        if not recurring.enabled:
            run.outcome, run.note = (
                Outcome.SKIPPED,
                "The schedule was switched off in the meantime.",
            )
        else:
            _start(run, recurring, recurring.created_by)
        run.save()
    return run


def _locked(recurring: RecurringBatch) -> RecurringBatch:
    rows = RecurringBatch.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("tenant", "created_by").get(pk=recurring.pk)


def _active(recurring: RecurringBatch) -> Batch | None:
    """Return an unfinished batch of an earlier run, if any."""
    return Batch.objects.filter(
        recurring_runs__recurring=recurring, status__in=Batch.ACTIVE
    ).first()


def _run(
    recurring: RecurringBatch,
    planned: datetime,
    now: datetime,
    *,
    note: str,
    created_by: User | None = None,
) -> RecurringRun:
    """Create the batch of a run under the lock of its row, and record its outcome."""
    run = RecurringRun(recurring=recurring, planned_at=planned, created_at=now, note=note)
    if previous := _active(recurring):
        run.outcome = _outcome_while_running(recurring)
        run.note = f"The previous run, “{previous}”, is {previous.get_status_display().lower()}."
    else:
        _start(run, recurring, created_by or recurring.created_by)
    run.save(force_insert=True)
    return run


def _outcome_while_running(recurring: RecurringBatch) -> Outcome:
    """Return the outcome of a run that is due while another is active; at most one is queued."""
    queues = recurring.while_running == RecurringBatch.WhileRunning.QUEUE
    has_queued = RecurringRun.objects.queued().filter(recurring=recurring).exists()
    return Outcome.QUEUED if queues and not has_queued else Outcome.SKIPPED


def _start(run: RecurringRun, recurring: RecurringBatch, created_by: User | None) -> None:
    try:
        with transaction.atomic():
            run.batch = _create(recurring, run.planned_at, created_by)
        run.outcome = Outcome.STARTED
    except (ValidationError, DataError, IntegrityError) as error:
        logger.exception("recurring=%s cannot be started", recurring.pk)
        run.outcome, run.note = Outcome.FAILED, _sentence(error)


def _create(recurring: RecurringBatch, planned: datetime, created_by: User | None) -> Batch:
    hosts, origin = _domains_now(recurring)
    local = planned.astimezone(ZoneInfo(recurring.time_zone))
    return create_batch_of_any_size(
        tenant=recurring.tenant,
        created_by=created_by,
        domains=hosts,
        options=recurring.scan_options.as_dict(),
        name=f"{recurring.name[:180]} {local:%Y-%m-%d %H:%M}",
        metadata={"recurring_batch": str(recurring.pk), **origin},
    )


def _domains_now(recurring: RecurringBatch) -> tuple[list[str], dict[str, Any]]:
    """Return the hosts of a run, and its batch's metadata about their list.

    Raises ValidationError if the saved list or view was deleted or is empty.
    """
    if recurring.source_kind == RecurringBatch.SourceKind.DOMAINS:
        parsed = read_domains(recurring.domains)
        return parsed.hosts, rejections(parsed)
    source = source_of_schedule(recurring)
    hosts = source.hosts()
    RecurringBatch.objects.filter(pk=recurring.pk).update(domain_count=len(hosts))
    return hosts, source.metadata


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return f"The batch could not be created: {type(error).__name__}."
