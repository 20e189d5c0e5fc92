"""Claim jobs for a shift, so that a batch's max_concurrent holds across all hosts."""

import logging
import math
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from batches.models import Batch, Job, Worker
from batches.options import BatchOptions
from batches.runner.messages import ClaimedJob

logger = logging.getLogger(__name__)

# Jobs a seat held ready, so that no seat is empty between two looks at the database.
AHEAD = 2


class ShiftLostError(Exception):
    """The shift was silent too long: others have taken its jobs, and it must not write."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The seats a shift has in a batch now, and the jobs it just claimed there."""

    seats: int
    jobs: list[ClaimedJob]


def runnable() -> list[UUID | None]:
    """Start pending batches; return the batches with waiting jobs, None for jobs without one."""
    _start_pending()
    waiting = Job.objects.waiting()
    in_batch = waiting.filter(batch=OuterRef("pk"))
    rows = Batch.objects.filter(Exists(in_batch), status=Batch.Status.RUNNING)
    found: list[UUID | None] = list(rows.order_by("created_at").values_list("pk", flat=True))
    if waiting.filter(batch__isnull=True).exists():
        found.insert(0, None)
    return found


def _start_pending() -> None:
    """Start the batches that wait; no write where there is none: SQLite locks the database."""
    pending = Batch.objects.filter(status=Batch.Status.PENDING)
    for pk, total in list(pending.values_list("pk", "total")):
        if pending.filter(pk=pk).start():
            logger.info("batch=%s starts, %d jobs", pk, total)


def claim(
    worker: Worker, batch_id: UUID | None, *, executing: int, waiting: int, ceiling: int
) -> Grant:
    """Take seats in a batch and claim a job for each, and two a seat ahead.

    `executing` and `waiting` are the jobs of the batch this shift scans and holds ready. Raises
    `ShiftLostError`.
    """
    with transaction.atomic():
        if batch_id is None:
            options, seats = BatchOptions(), ceiling
        else:
            rows = Batch.objects.select_for_update(no_key=True)
            batch = rows.filter(pk=batch_id, status=Batch.Status.RUNNING).first()
            if batch is None:
                return Grant(executing, [])
            options = batch.scan_options
            seats = _allot(worker, batch_id, options.max_concurrent, executing, ceiling)
        wanted = (1 + AHEAD) * seats - executing - waiting
        # below zero where the seats have become fewer since these were claimed
        ids = Job.objects.filter(batch=batch_id).claim(worker, wanted) if wanted > 0 else []
        return Grant(seats, _claimed(ids, options))


def _allot(worker: Worker, batch_id: UUID, cap: int, executing: int, ceiling: int) -> int:
    """Set this shift's seats in a batch, under the batch's lock: a fair share of what is left."""
    live = list(Worker.objects.live().values_list("pk", "status", "seats"))
    key = str(batch_id)
    others = sum(seats.get(key, 0) for pk, _, seats in live if pk != worker.pk)
    claiming = sum(1 for pk, status, _ in live if pk == worker.pk or status == "working")
    share = math.ceil(cap / max(1, claiming))
    seats = max(executing, min(share, cap - others, ceiling))
    if worker.seats.get(key) != seats:
        worker.seats[key] = seats
        if not worker.beat(seats=worker.seats):
            raise ShiftLostError
    return seats


def _claimed(ids: list[UUID], options: BatchOptions) -> list[ClaimedJob]:
    rows = Job.objects.filter(pk__in=ids).select_related("domain").order_by("position", "pk")
    return [
        ClaimedJob(
            id=job.pk,
            claim_no=job.claim_no,
            attempts=job.attempts,
            tenant_id=job.tenant_id,
            batch_id=job.batch_id,
            domain_id=job.domain.pk,
            host=job.domain.host,
            job_type=job.job_type,
            options=BatchOptions.stored(job.options) if job.options else options,
        )
        for job in rows
        if job.domain is not None
    ]
