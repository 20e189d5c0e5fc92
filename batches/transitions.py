"""Cancel, pause, resume and retry work: the services behind every button, action and command.

Each is a guarded transition that reports whether it succeeded, so that two clicks, or a click and
the last job, never contradict each other. `TransitionError` has the message for the user.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from batches.large_lists import LargeList, create_large_batch, saved_list
from batches.list_parsing import may_be_larger
from batches.models import Batch, Job
from batches.models.batch import CREATED_WITH
from batches.models.job import RETRY_CHUNK, batched
from batches.options import BatchOptions
from batches.queue import wake_workers
from batches.services import at_once_limit, create_batch, initiate_scan
from batches.sitemap_submission import mark_in_work
from batches.tenant_limits import LimitReachedError, check_batches
from scans.bulk.models import BulkAction
from scans.engine.errors import FailureReason
from scans.technology_counts import count_first
from scrapersky.tenants.models import User
from scrapersky.web.database_errors import retry_on_conflict
from scrapersky.web.regional import grouped

logger = logging.getLogger(__name__)

CANCEL_CHUNK = 10_000


class TransitionError(ValueError):
    """The status of the batch or job does not allow this action."""


def cancel_batch(batch: Batch) -> Batch:
    """Cancel a batch: no new scans start, running ones are stopped, results are kept.

    It is cancelling immediately, and cancelled once the last running scan has stopped.
    """
    if not Batch.objects.filter(pk=batch.pk).cancel():
        raise TransitionError(f"The batch is {_state(batch)}, so there is nothing to cancel.")
    settle_cancelling()
    return _fresh(batch)


def pause_batch(batch: Batch) -> Batch:
    """Pause a batch: no new scans start; running ones finish."""
    if not Batch.objects.filter(pk=batch.pk).pause():
        raise TransitionError(f"The batch is {_state(batch)}: only a running batch can be paused.")
    return _fresh(batch)


def resume_batch(batch: Batch) -> Batch:
    """Resume a paused batch."""
    with transaction.atomic():
        if not Batch.objects.filter(pk=batch.pk).resume():
            raise TransitionError(
                f"The batch is {_state(batch)}: only a paused batch can be resumed."
            )
        wake_workers()
    return _fresh(batch)


@retry_on_conflict
def retry_batch(
    batch: Batch,
    *,
    reasons: Sequence[str] = (),
    options: dict[str, Any] | None = None,
    jobs: Sequence[Any] | None = None,
    after_outage: bool = False,
) -> Batch:
    """Retry failed jobs; complete ones are not touched.

    `reasons` (values of FailureReason) and `jobs` (ids) limit the retry. Cancelled jobs are retried
    only if the reason `cancelled` or their ids are given. `options` apply to these jobs in this
    attempt only, and those of an earlier retry are dropped. `max_concurrent`, a batch-wide option,
    applies to the batch immediately. With `after_outage` each job keeps its options, and the
    tenant's limit of batches is ignored. Raises `TransitionError` if there is nothing to retry or
    that limit is reached, `ValidationError` for invalid options.
    """
    _check_reasons(reasons)
    if deletion_of(batch) is not None:
        raise TransitionError("The batch is being deleted.")
    own = BatchOptions.validated(batch.scan_options.as_dict() | options) if options else None
    with transaction.atomic():
        if not after_outage:
            _check_limit(batch)
        again = Job.objects.filter(batch=batch).retryable(reasons)
        if jobs is not None:
            again = again.filter(pk__in=jobs)
        elif not reasons:
            again = again.filter(status=Job.Status.FAILED)
        counted = again.retry(own.as_dict() if own else None, keep_options=after_outage)
        if not counted:
            raise TransitionError(_nothing_to_retry(batch, reasons))
        mark_in_work(batch)
        if not Batch.objects.filter(pk=batch.pk).reopen(counted):
            raise TransitionError(f"The batch is {_state(batch)}. Retry it when it has ended.")
        if options and own and "max_concurrent" in options:
            _set_max_concurrent(batch, own.max_concurrent)
        wake_workers()
    return _fresh(batch)


def _check_limit(batch: Batch) -> None:
    """Raise `TransitionError` if a batch that has ended may not run again now."""
    if not _fresh(batch).is_ended:
        return
    try:
        check_batches(batch.tenant)
    except LimitReachedError as error:
        raise TransitionError(str(error)) from error


def deletion_of(batch: Batch) -> BulkAction | None:
    """Return the bulk action that is deleting a batch, or None."""
    active = BulkAction.objects.active().filter(list_name="batches", operation="delete")
    return active.filter(params__batch=str(batch.pk)).first()


def _nothing_to_retry(batch: Batch, reasons: Sequence[str]) -> str:
    cancelled = 0 if reasons else _fresh(batch).cancelled
    if not cancelled:
        return "There is no failed or cancelled job to retry."
    hint = f"To retry the {grouped(cancelled)} cancelled jobs, use the reason cancelled."
    return f"There is no failed job to retry. {hint}"


def _set_max_concurrent(batch: Batch, value: int) -> None:
    """Change how many sites of a batch are scanned at once, from the next claim on.

    The original value is kept in its metadata, for a rerun. The caller has locked the row.
    """
    row = Batch.objects.get(pk=batch.pk)
    original = {"max_concurrent": row.scan_options.max_concurrent}
    Batch.objects.filter(pk=batch.pk).update(
        options=row.options | {"max_concurrent": value},
        metadata={CREATED_WITH: original} | row.metadata,
    )


@retry_on_conflict
def rerun_batch(batch: Batch, *, created_by: User | None) -> Batch:
    """Create a new batch of the same domains, with the first batch's original options."""
    hosts = Job.objects.filter(batch=batch, domain__isnull=False).order_by("position")
    names = hosts.values_list("domain__host", flat=True)
    arguments: dict[str, Any] = {
        "tenant": batch.tenant,
        "created_by": created_by,
        "options": batch.original_options.as_dict(),
        "name": f"{batch.name or 'Batch'} (again)"[:200],
        "processor_type": batch.processor_type,
        "metadata": {"rerun_of": str(batch.pk)},
    }
    if batch.total > at_once_limit() and may_be_larger():
        lines = (f"{json.dumps(host)}\n".encode() for host in names.iterator(chunk_size=5_000))
        with saved_list(LargeList(lines, is_json_lines=True)) as saved:
            return create_large_batch(saved, **arguments)
    with transaction.atomic():
        again = create_batch(domains=list(names), **arguments)
        mark_in_work(again)
    return again


def retry_job(job: Job, *, created_by: User | None = None) -> Job:
    """Retry one job, or scan its domain again as a single scan; return the job."""
    if job.batch is not None:
        retry_batch(job.batch, jobs=[job.pk])
        job.refresh_from_db()
        return job
    if not job.is_ended or job.domain is None:
        raise TransitionError(
            f"The job is {job.get_status_display().lower()}: it cannot be retried."
        )
    return initiate_scan(
        job.domain, created_by=created_by, options=job.options or None, job_type=job.job_type
    )


def retry_after_outage(claims: Mapping[UUID, int]) -> int:
    """Retry jobs that failed while a worker's network was down; return how many.

    `claims` maps a job to the claim number with which it failed. Jobs that have since been retried
    or claimed are left alone, as are those of a batch that was cancelled or is being deleted.
    """
    by_batch: dict[Batch | None, list[Job]] = defaultdict(list)
    for ids in batched(claims, RETRY_CHUNK):
        rows = Job.objects.filter(pk__in=ids, status=Job.Status.FAILED).retryable()
        for job in rows.select_related("batch", "domain").defer("result"):
            if job.claim_no == claims[job.pk]:
                by_batch[job.batch].append(job)
    stopped = {Batch.Status.CANCELLING, Batch.Status.CANCELLED}
    count = 0
    for batch, jobs in by_batch.items():
        if batch is None:
            count += sum(_repeat_of_outage(job) for job in jobs)
        elif batch.status not in stopped:
            count += _retry_of_outage(batch, jobs)
    return count


def _repeat_of_outage(job: Job) -> bool:
    try:
        retry_job(job, created_by=job.created_by)
    except (TransitionError, LimitReachedError) as error:
        logger.warning("job=%s is not repeated after an outage: %s", job.pk, error)
        return False
    return True


def _retry_of_outage(batch: Batch, jobs: list[Job]) -> int:
    try:
        retry_batch(batch, jobs=[job.pk for job in jobs], after_outage=True)
    except TransitionError as error:
        logger.warning("batch=%s is not retried after an outage: %s", batch.pk, error)
        return 0
    if batch.is_paused_by_failures:
        resume_batch(batch)
    return len(jobs)


@retry_on_conflict
def cancel_job(job: Job) -> Job:
    """Cancel one job; a running scan is stopped within two seconds."""
    with transaction.atomic():
        counted = Job.objects.filter(pk=job.pk).cancel()
        if not counted:
            job.refresh_from_db()
            state = job.get_status_display().lower()
            raise TransitionError(f"The job is {state}, so there is nothing to cancel.")
        count_ended(counted)
    job.refresh_from_db()
    return job


def settle_cancelling() -> None:
    """Cancel the waiting jobs of batches that are being cancelled, and end finished batches.

    Works in chunks, each with its counters, so that 100,000 jobs neither hold locks for long nor
    are half counted if the process dies; the next caller continues.
    """
    for pk in Batch.objects.filter(status=Batch.Status.CANCELLING).values_list("pk", flat=True):
        while True:
            with transaction.atomic():
                counted = Job.objects.filter(batch=pk).cancel_claimable(CANCEL_CHUNK)
                count_ended(counted)
            if sum(counted.values()) < CANCEL_CHUNK:
                break
        if Batch.objects.filter(pk=pk).finish():
            _after_end(pk)


def count_ended(ended: Mapping[tuple[UUID | None, str], int]) -> None:
    """Add ended jobs, given as (batch, counter) -> number, to their batches' counters."""
    by_batch: dict[UUID, dict[str, int]] = defaultdict(dict)
    for (pk, counter), number in ended.items():
        if pk:
            by_batch[pk][counter] = number
    if by_batch:
        for pk in Batch.objects.count_jobs(by_batch):
            transaction.on_commit(partial(_after_end, pk), robust=True)


def _after_end(pk: UUID) -> None:
    """Log the end of a batch, and count the technologies of a tenant's first one."""
    facts = ("status", "completed", "failed", "cancelled", "total")
    for tenant_id, *values in Batch.objects.filter(pk=pk).values_list("tenant_id", *facts):
        text = ", ".join(f"{name}={value}" for name, value in zip(facts, values, strict=True))
        logger.info("batch=%s has ended: %s", pk, text)
        count_first(tenant_id)


def _check_reasons(reasons: Sequence[str]) -> None:
    unknown = set(reasons) - {reason.value for reason in FailureReason}
    if unknown:
        raise TransitionError(f"There is no failure reason {', '.join(sorted(unknown))}.")


def _state(batch: Batch) -> str:
    return _fresh(batch).get_status_display().lower()


def _fresh(batch: Batch) -> Batch:
    batch.refresh_from_db()
    return batch
