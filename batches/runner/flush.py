"""Write the outcomes of many jobs in one transaction: results, jobs, counters, finish."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.models import DailyCount, Job, Worker
from batches.scanning.messages import ClaimedJob, Kind, Outcome, failure
from batches.transitions import count_ended
from scans import results
from scans.engine.errors import FailureReason
from scans.results import SiteFailure, SiteResult
from scans.technology_counts import count_first
from scrapersky.web.database_errors import retry_on_conflict

logger = logging.getLogger(__name__)
Measure = DailyCount.Measure


def flush(worker: Worker, outcomes: list[Outcome]) -> None:
    """Store outcomes, except those of jobs that another worker took over.

    If the database rejects an outcome, only its own job ends with internal_error. A deadlock is
    retried at once. Raises `OperationalError` or `InterfaceError` if the database is unavailable:
    nothing is written then, and the call may be repeated.
    """
    if not outcomes:
        return
    try:
        _write(worker, outcomes)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # where a job ends, so that it ends with its true outcome
        if len(outcomes) == 1:
            _write_refused(worker, outcomes[0], error)
            return
        for outcome in outcomes:
            logger.warning("%s is written alone after a failed flush: %s", outcome.job.ids, error)
            flush(worker, [outcome])


def _write_refused(worker: Worker, outcome: Outcome, error: Exception) -> None:
    """End the job of an outcome that cannot be stored, with the cause or else as lost."""
    logger.error("%s cannot be stored", outcome.job.ids, exc_info=error)
    sentence = f"The result could not be stored: {type(error).__name__}: {error}"[:2_000]
    reason = FailureReason.INTERNAL_ERROR
    for attempt in (
        failure(outcome.job, reason, sentence, outcome.started_at),
        Outcome(outcome.job, Kind.LOST, b"{}", outcome.started_at),
    ):
        try:
            _write(worker, [attempt])
            return
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # nothing a site sends may stop the shift; the worker releases the job
            logger.exception("%s cannot be ended as %s", outcome.job.ids, attempt.kind)


@dataclass(slots=True)
class _Rows:
    """The rows that a flush writes, in order."""

    now: datetime = field(default_factory=timezone.now)
    ends: list[tuple] = field(default_factory=list)
    results: list[SiteResult] = field(default_factory=list)
    failures: list[SiteFailure] = field(default_factory=list)
    lost: list[UUID] = field(default_factory=list)
    # (batch, counter) -> number.
    ended: Counter[tuple[UUID | None, str]] = field(default_factory=Counter)
    # Daily counts: (tenant, measure, name) -> count.
    counted: Counter[tuple[UUID, str, str]] = field(default_factory=Counter)


@retry_on_conflict
def _write(worker: Worker, outcomes: list[Outcome]) -> None:
    with transaction.atomic():
        held = Job.objects.held(worker, dict(outcome.job.claim for outcome in outcomes))
        rows = _Rows()
        for outcome in outcomes:
            if outcome.job.id in held:
                _gather(rows, outcome)
        results.save(rows.results, rows.failures, now=rows.now)
        Job.objects.end(rows.ends)
        lost = Job.objects.filter(pk__in=rows.lost).fail_lost()
        rows.ended.update((batch, "failed") for _, batch in lost)
        DailyCount.objects.add(rows.now.date(), rows.counted + lost_count(lost))
        count_ended(rows.ended)
        for tenant_id in {result.tenant_id for result in rows.results if not result.batch_id}:
            transaction.on_commit(partial(count_first, tenant_id), robust=True)
    for outcome in outcomes:
        _log(outcome, is_held=outcome.job.id in held)


def lost_count(failed: list[tuple[UUID, UUID | None]]) -> Counter[tuple[UUID, str, str]]:
    """Return the daily counts of jobs that `fail_lost` failed."""
    reason = FailureReason.WORKER_LOST.value
    return Counter((tenant, Measure.FAILURE.value, reason) for tenant, _ in failed)


def release(worker: Worker, jobs: Iterable[ClaimedJob]) -> None:
    """Release the jobs that the worker still holds, without charging an attempt."""
    claims = dict(job.claim for job in jobs)
    if not claims:
        return
    with transaction.atomic():
        Job.objects.filter(pk__in=Job.objects.held(worker, claims)).release()


def _log(outcome: Outcome, *, is_held: bool) -> None:
    """Log how a job ended; successes only at DEBUG, as there are thousands."""
    if not is_held:
        logger.warning("%s was taken over; its outcome is dropped", outcome.job.ids)
    elif outcome.kind is Kind.REPORT:
        logger.debug("%s is complete", outcome.job.ids)
    elif outcome.kind is Kind.FAILURE:
        value = outcome.result
        logger.info("%s ends with %s: %s", outcome.job.ids, value["reason"], value["error"])
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
    job, report = outcome.job, outcome.result
    is_stored = not job.options.test_mode
    scan_id = uuid7() if is_stored and not job.sitemaps_only else None
    if is_stored:
        rows.results.append(SiteResult(job.tenant_id, job.domain_id, job.batch_id, report, scan_id))
    counts = {"sitemaps": len(report["sitemaps"]), "pages": len(report["pages"])}
    rows.ended[job.batch_id, "completed"] += 1
    if not job.sitemaps_only:
        rows.counted[job.tenant_id, Measure.VERDICT, report["verdict"]] += 1
        rows.counted.update((job.tenant_id, Measure.CONTACT, c["kind"]) for c in report["contacts"])
    end = {"status": Job.Status.COMPLETE, "progress": 1.0, "scan_id": scan_id}
    _add_end(rows, job, report, end | {"result": counts if is_stored else report})


def _gather_failure(rows: _Rows, outcome: Outcome) -> None:
    job, value = outcome.job, outcome.result
    reason, error = value["reason"], value["error"]
    cancelled = reason == FailureReason.CANCELLED
    rows.ended[job.batch_id, "cancelled" if cancelled else "failed"] += 1
    if not cancelled and not job.sitemaps_only:
        rows.counted[job.tenant_id, Measure.FAILURE, reason] += 1
    if not cancelled and not job.options.test_mode:
        rows.failures.append(
            SiteFailure(job.domain_id, job.batch_id, reason, error, job.sitemaps_only)
        )
    status = Job.Status.CANCELLED if cancelled else Job.Status.FAILED
    end = {"status": status, "failure_reason": reason, "error": error}
    end["private_address"] = value.get("private_address") or None
    _add_end(rows, job, value, end | {"result": {"requests": value["requests"]}})


def _add_end(rows: _Rows, job: ClaimedJob, times: dict[str, Any], columns: dict[str, Any]) -> None:
    """Add the values of `Job.END_COLUMNS`; the times come from the scan."""
    values = {
        "id": job.id,
        "progress": 0.0,
        "stage": "",
        "failure_reason": "",
        "error": "",
        "private_address": None,
        "scan_id": None,
        "worker_id": None,
        "started_at": datetime.fromisoformat(times["started_at"]),
        "finished_at": datetime.fromisoformat(times["finished_at"]),
        "updated_at": rows.now,
    } | columns
    rows.ends.append(tuple(values[name] for name in Job.END_COLUMNS))
