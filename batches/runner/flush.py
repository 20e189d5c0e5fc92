"""Write the outcomes of many jobs in one transaction: results, jobs, counters, finish."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.models import Job, Worker
from batches.runner.messages import Kind, Outcome, failure
from batches.transitions import count_ended
from scans import results
from scans.engine.errors import FailureReason
from scans.results import SiteFailure, SiteResult

logger = logging.getLogger(__name__)


def flush(worker: Worker, outcomes: list[Outcome]) -> None:
    """Store outcomes; those of jobs that were taken over since are dropped.

    An outcome that the database refuses ends its own job with internal_error and no other.
    Raises `OperationalError` or `InterfaceError` when the database is away: nothing is written
    then and the same call may be made again.
    """
    if not outcomes:
        return
    try:
        _write(worker, outcomes)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # where a job ends, so that it ends truthfully
        if len(outcomes) > 1:
            for outcome in outcomes:
                logger.warning("%s is written alone, its flush failed: %s", outcome.job.ids, error)
            for outcome in outcomes:
                flush(worker, [outcome])
            return
        job = outcomes[0].job
        logger.exception("%s cannot be stored", job.ids)
        sentence = f"The result could not be stored: {type(error).__name__}: {error}"[:2_000]
        told = failure(job, FailureReason.INTERNAL_ERROR, sentence, outcomes[0].started_at)
        if outcomes[0].kind is Kind.FAILURE:
            raise
        flush(worker, [told])


@dataclass(slots=True)
class _Rows:
    """What a flush writes, in the order it is gathered."""

    now: datetime = field(default_factory=timezone.now)
    ends: list[tuple] = field(default_factory=list)
    results: list[SiteResult] = field(default_factory=list)
    failures: list[SiteFailure] = field(default_factory=list)
    lost: list[UUID] = field(default_factory=list)
    completed: Counter = field(default_factory=Counter)
    failed: Counter = field(default_factory=Counter)
    cancelled: Counter = field(default_factory=Counter)


def _write(worker: Worker, outcomes: list[Outcome]) -> None:
    with transaction.atomic():
        held = Job.objects.held(worker, {o.job.id: o.job.claim_no for o in outcomes})
        rows = _Rows()
        for outcome in outcomes:
            if outcome.job.id in held:
                _gather(rows, outcome)
        results.save(rows.results, rows.failures, now=rows.now)
        Job.objects.end(rows.ends)
        rows.failed.update(Job.objects.filter(pk__in=rows.lost).lose())
        count_ended(completed=rows.completed, failed=rows.failed, cancelled=rows.cancelled)
    for outcome in outcomes:
        _tell(outcome, is_held=outcome.job.id in held)


def _tell(outcome: Outcome, *, is_held: bool) -> None:
    """Log what became of a job; the good ends of thousands only where they are asked for."""
    if not is_held:
        logger.warning("%s was taken over since: its outcome is dropped", outcome.job.ids)
    elif outcome.kind is Kind.REPORT:
        logger.debug("%s is complete", outcome.job.ids)
    elif outcome.kind is Kind.FAILURE:
        told = outcome.read()
        logger.info("%s ends with %s: %s", outcome.job.ids, told["reason"], told["error"])
    else:
        logger.warning("%s was lost in attempt %d", outcome.job.ids, outcome.job.attempts + 1)


def _gather(rows: _Rows, outcome: Outcome) -> None:
    if outcome.kind is Kind.LOST:
        rows.lost.append(outcome.job.id)
    elif outcome.kind is Kind.REPORT:
        _gather_report(rows, outcome)
    else:
        _gather_failure(rows, outcome)


def _gather_report(rows: _Rows, outcome: Outcome) -> None:
    job, report = outcome.job, outcome.read()
    kept = not job.options.test_mode
    scan_id = uuid7() if kept and not job.sitemaps_only else None
    if kept:
        rows.results.append(SiteResult(job.tenant_id, job.domain_id, job.batch_id, report, scan_id))
    result = {"sitemaps": len(report["sitemaps"]), "pages": len(report["pages"])}
    rows.completed[job.batch_id] += 1
    rows.ends.append(
        _end_row(
            rows.now,
            outcome,
            status=Job.Status.COMPLETE,
            scan_id=scan_id,
            result=result if kept else report,
        )
    )


def _gather_failure(rows: _Rows, outcome: Outcome) -> None:
    job, told = outcome.job, outcome.read()
    reason, error = told["reason"], told["error"]
    cancelled = reason == FailureReason.CANCELLED
    (rows.cancelled if cancelled else rows.failed)[job.batch_id] += 1
    if not cancelled and not job.options.test_mode:
        rows.failures.append(
            SiteFailure(job.domain_id, job.batch_id, reason, error, job.sitemaps_only)
        )
    rows.ends.append(
        _end_row(
            rows.now,
            outcome,
            status=Job.Status.CANCELLED if cancelled else Job.Status.FAILED,
            reason=reason,
            error=error,
            result={"requests": told["requests"]},
        )
    )


def _end_row(
    now: datetime,
    outcome: Outcome,
    *,
    status: str,
    reason: str = "",
    error: str = "",
    scan_id: UUID | None = None,
    result: dict | None = None,
) -> tuple:
    """Return the values of `Job.END_COLUMNS`."""
    progress = 1.0 if status == Job.Status.COMPLETE else 0.0
    started = min(outcome.started_at, now)
    return (
        outcome.job.id,
        status,
        progress,
        "",
        reason,
        error,
        scan_id,
        result,
        None,
        started,
        now,
        now,
    )
