"""Recover the jobs of workers that died."""

import logging
from collections import Counter
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from batches.models import DailyCount, Job, Worker
from batches.queue import ensure_shift
from batches.runner.flush import lost_count
from batches.transitions import count_ended

logger = logging.getLogger(__name__)


def recover() -> int:
    """Requeue the jobs of dead workers; return how many there were.

    A worker of this host whose process has exited is recovered without waiting for the silence
    time-out. Jobs that ran are charged an attempt and fail the third time; jobs that were only
    claimed are not charged.
    """
    Worker.objects.declare_dead_lost(settings.SCAN_WORKER_NAME)
    Worker.objects.declare_lost()
    ids = [*_orphans().filter(worker__isnull=False), *_orphans().filter(status=Job.Status.RUNNING)]
    if not ids:
        return 0
    with transaction.atomic():
        locked = _orphans().filter(pk__in=ids).select_for_update(no_key=True, of=("self",))
        columns = ("pk", "status", "batch_id", "domain_id", "worker_id")
        jobs = list(locked.order_by("pk").values_list(*columns))
        ran = [pk for pk, status, *_ in jobs if status == Job.Status.RUNNING]
        failed = Job.objects.filter(pk__in=ran).fail_lost()
        Job.objects.filter(pk__in=[pk for pk, *_ in jobs]).exclude(pk__in=ran).release()
        DailyCount.objects.add(timezone.now().date(), lost_count(failed))
        count_ended(Counter((batch, "failed") for _, batch in failed))
    for pk, status, batch_id, domain_id, worker_id in jobs:
        level = logging.WARNING if status == Job.Status.RUNNING else logging.DEBUG
        row = (batch_id, pk, domain_id, worker_id)
        did = "had started" if status == Job.Status.RUNNING else "only held"
        logger.log(level, "batch=%s job=%s domain=%s worker=%s is lost and %s it", *row, did)
    return len(jobs)


def _orphans() -> QuerySet[Job, Any]:
    """Return the ids of jobs held by workers that are no longer alive."""
    living = Worker.objects.filter(pk=OuterRef("worker"), status=Worker.Status.WORKING)
    return Job.objects.exclude(Exists(living)).values_list("pk", flat=True)


def resume(**_: Any) -> None:
    """Queue a shift if this host has none; called when a queue process starts (`post_spawn`)."""
    try:
        recover()
        ensure_shift()
    except DatabaseError:
        logger.warning("The database is not available; the shift starts when it is back.")
