"""Take back the work of workers that died, and keep the books straight."""

import logging
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from batches.models import Batch, Job, Worker
from batches.queue import wake_workers
from batches.sitemap_submission import settle_stranded
from batches.transitions import count_ended, settle_cancelling
from scrapersky.tenants.login_delays import delete_expired_logins

logger = logging.getLogger(__name__)

KEEP_WORKERS = timedelta(days=7)


def take_back() -> int:
    """Return the jobs of silent workers to the line; return how many there were.

    A worker of this host whose process is gone is not waited for until it counts as silent.
    Jobs that a dead worker had started are charged an attempt and fail the third time; those it
    only held are not.
    """
    Worker.objects.lose_dead(settings.SCAN_WORKER_NAME)
    Worker.objects.lose()
    orphans = Job.objects.filter(status=Job.Status.RUNNING).exclude(
        Exists(Worker.objects.filter(pk=OuterRef("worker"), status__in=Worker.LIVE))
    )
    if not orphans.exists():
        return 0
    with transaction.atomic():
        locked = orphans.select_for_update(no_key=True, of=("self",)).order_by("pk")
        jobs = list(locked.select_related("worker"))
        started = [job.pk for job in jobs if job.worker and str(job.pk) in job.worker.stages]
        failed = Job.objects.filter(pk__in=started).lose()
        Job.objects.filter(pk__in=[job.pk for job in jobs]).give_back()
        count_ended(failed=Counter(failed), cancelled=Counter())
    _tell_taken_back(jobs, set(started))
    return len(jobs)


def _tell_taken_back(jobs: list[Job], started: set[UUID]) -> None:
    for job in jobs:
        level = logging.WARNING if job.pk in started else logging.DEBUG
        told = (job.batch_id, job.pk, job.domain_id, job.worker_id)
        was = "had started" if job.pk in started else "only held"
        logger.log(level, "batch=%s job=%s domain=%s worker=%s is lost and %s it", *told, was)


def keep() -> None:
    """Do the minute's housekeeping.

    Lost work, batches being cancelled, domains in work that nothing works on, idle batches,
    counters, old worker rows, expired sessions and login delays.
    """
    take_back()
    settle_cancelling()
    settle_stranded()
    audit()
    if has_work():
        wake_workers()
    Worker.objects.exclude(status__in=Worker.LIVE).filter(
        ended_at__lt=timezone.now() - KEEP_WORKERS
    ).delete()
    delete_expired_logins()


def resume(**_: Any) -> None:
    """Call a shift for what a worker process that died left undone.

    django-q2 starts another in its place and says so (`post_spawn`); the message that the dead
    one had taken is on lease for minutes.
    """
    try:
        take_back()
        if has_work():
            wake_workers()
    except DatabaseError:
        logger.warning("the database is away: the keeper will look for work left undone")


def has_work() -> bool:
    """Say whether a job waits that a shift could claim now."""
    waiting = Job.objects.waiting()
    states = [Batch.Status.PENDING, Batch.Status.RUNNING]
    return waiting.filter(Q(batch__isnull=True) | Q(batch__status__in=states)).exists()


def audit() -> int:
    """Compare the counters of unfinished batches with their jobs; repair and log a drift.

    Returns how many batches were repaired. Each is counted under its lock, so that a flush in
    the same moment is no drift.
    """
    repaired = 0
    for pk in Batch.objects.unfinished().values_list("pk", flat=True):
        with transaction.atomic():
            batch = Batch.objects.select_for_update(no_key=True).get(pk=pk)
            repaired += _recount(batch)
            Batch.objects.filter(pk=pk).finish()
    return repaired


def _recount(batch: Batch) -> bool:
    states = Job.Status
    true = Job.objects.filter(batch=batch).aggregate(
        total=Count("pk"),
        completed=Count("pk", filter=Q(status=states.COMPLETE)),
        failed=Count("pk", filter=Q(status=states.FAILED)),
        cancelled=Count("pk", filter=Q(status=states.CANCELLED)),
    )
    if not true["total"]:  # its jobs are gone, so none of them will end
        true |= {"total": batch.total, "cancelled": batch.total}
    told = {name: getattr(batch, name) for name in true}
    if told == true:
        return False
    logger.error("batch=%s counters %s did not match its jobs %s: repaired", batch.pk, told, true)
    Batch.objects.filter(pk=batch.pk).update(**true, updated_at=Now())
    return True
