"""Recurring batches: save them, start those that are due, once each."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from batches.list_parsing import read_pasted, rejections
from batches.models import Batch, RecurringBatch, RecurringRun
from batches.options import BatchOptions
from batches.services import MAX_DOMAINS, create_batch
from scans.engine.lists.collection import DomainList
from scans.engine.lists.errors import UnreadableFile
from scrapersky.tenants.models import Tenant, User

logger = logging.getLogger(__name__)

Outcome = RecurringRun.Outcome


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a recurring batch: which domains, how, and when (UTC)."""

    name: str
    # A list as people paste it.
    domains: str
    frequency: str
    time_of_day: time
    weekday: int | None = None
    month_day: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


def create_recurring(
    plan: Plan, *, tenant: Tenant, created_by: User | None, now: datetime
) -> RecurringBatch:
    """Save a recurring batch, to run first at the next time that fits.

    Raises `ValidationError` with a sentence for each field that cannot be used.
    """
    recurring = RecurringBatch(tenant=tenant, created_by=created_by)
    _apply(recurring, plan)
    recurring.next_run_at = recurring.time_after(now)
    recurring.full_clean()
    recurring.save(force_insert=True)
    return recurring


def change_recurring(recurring: RecurringBatch, plan: Plan, *, now: datetime) -> RecurringBatch:
    """Change a recurring batch; the next run moves only where the times were changed.

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
    parsed = _read_domains(plan.domains)
    if not 1 <= len(parsed.accepted) <= MAX_DOMAINS:
        count = len(parsed.accepted)
        sentence = f"Give 1 to {MAX_DOMAINS:,} domains that can be scanned; these are {count:,}."
        raise ValidationError({"domains": sentence})
    frequencies = RecurringBatch.Frequency
    recurring.name = plan.name.strip()
    recurring.domains = plan.domains
    recurring.domain_count = len(parsed.accepted)
    recurring.options = BatchOptions.validated(plan.options).as_dict()
    recurring.frequency = plan.frequency
    recurring.time_of_day = plan.time_of_day
    recurring.weekday = plan.weekday if plan.frequency == frequencies.WEEKLY else None
    recurring.month_day = plan.month_day if plan.frequency == frequencies.MONTHLY else None
    recurring.clean_fields()


def _read_domains(text: str) -> DomainList:
    try:
        return read_pasted(text)
    except UnreadableFile as error:
        raise ValidationError({"domains": str(error)}) from error


def start_due(now: datetime) -> str:
    """Start every recurring batch that is due; return what was done in a sentence."""
    rows = RecurringBatch.objects.due(now).defer("domains")
    outcomes = [run.outcome for due in rows if (run := _take(due, now))]
    if not outcomes:
        return "None was due."
    return ", ".join(f"{outcomes.count(o)} {o.label.lower()}" for o in Outcome if o in outcomes)


def _take(recurring: RecurringBatch, now: datetime) -> RecurringRun | None:
    """Do one due run; None where another scheduler took it first, or it is no longer due.

    Times that were missed while no scheduler ran are made up for by this one run.
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


def start_now(recurring: RecurringBatch, *, user: User, now: datetime) -> RecurringRun:
    """Run a recurring batch by hand; its planned runs stay as they are.

    Of two clicks at once the second finds the first one's batch going, and is skipped.
    """
    with transaction.atomic():
        rows = RecurringBatch.objects.select_for_update(no_key=True, of=("self",))
        row = rows.select_related("tenant", "created_by").get(pk=recurring.pk)
        return _run(row, now, now, note=f"Started by hand by {user}.", created_by=user)


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
    going = Batch.objects.filter(recurring_runs__recurring=recurring, status__in=Batch.ACTIVE)
    if previous := going.first():
        run.outcome = Outcome.SKIPPED
        run.note = f"The previous run, “{previous}”, is {previous.get_status_display().lower()}."
    else:
        try:
            with transaction.atomic():
                run.batch = _create(recurring, planned, created_by)
            run.outcome = Outcome.STARTED
        except (ValidationError, DataError, IntegrityError) as error:
            logger.exception("recurring=%s cannot be started", recurring.pk)
            run.outcome, run.note = Outcome.FAILED, _sentence(error)
    run.save(force_insert=True)
    return run


def _create(recurring: RecurringBatch, planned: datetime, created_by: User | None) -> Batch:
    parsed = _read_domains(recurring.domains)
    return create_batch(
        tenant=recurring.tenant,
        created_by=created_by or recurring.created_by,
        domains=parsed.hosts,
        options=recurring.scan_options.as_dict(),
        name=f"{recurring.name[:180]} {planned:%Y-%m-%d %H:%M}",
        metadata={"recurring_batch": str(recurring.pk), **rejections(parsed)},
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return f"The batch could not be created: {type(error).__name__}."
