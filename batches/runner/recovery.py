"""Recover the work of workers that died, and keep the books straight."""

import logging
from collections import Counter
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from batches import background_exports, building, list_intake
from batches.models import Batch, DailyCount, Job, Worker
from batches.queue import ensure_shift
from batches.runner.flush import lost_count
from batches.sitemap_submission import settle_stranded
from batches.transitions import count_ended, settle_cancelling
from scans.bulk.running import resume_stalled
from scrapersky.tenants.login_delays import delete_expired_logins

logger = logging.getLogger(__name__)

KEEP_WORKERS = timedelta(days=7)


def recover() -> int:
    """Return the jobs of dead workers to the line; return how many there were.

    A worker of this host whose process is gone is not waited for until it counts as silent. Jobs
    that ran are charged an attempt and fail the third time; those only claimed are not.
    """
    Worker.objects.lose_dead(settings.SCAN_WORKER_NAME)
    Worker.objects.lose()
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
        count_ended(failed=Counter(batch for _, batch in failed), cancelled=Counter())
    for pk, status, batch_id, domain_id, worker_id in jobs:
        level = logging.WARNING if status == Job.Status.RUNNING else logging.DEBUG
        row = (batch_id, pk, domain_id, worker_id)
        did = "had started" if status == Job.Status.RUNNING else "only held"
        logger.log(level, "batch=%s job=%s domain=%s worker=%s is lost and %s it", *row, did)
    return len(jobs)


def _orphans() -> QuerySet[Job, Any]:
    """Return the ids of jobs that a worker held which does not live any more."""
    living = Worker.objects.filter(pk=OuterRef("worker"), status=Worker.Status.WORKING)
    return Job.objects.exclude(Exists(living)).values_list("pk", flat=True)


def keep() -> None:
    """Do the minute's housekeeping.

    Lost work, batches being cancelled, domains in work that nothing works on, counters, bulk
    actions, large lists and exports that stand still, lists without a batch, old worker rows,
    expired sessions, login delays and exports, and a shift for this host if it has none.
    """
    recover()
    settle_cancelling()
    settle_stranded()
    audit()
    resume_stalled()
    Job.objects.forgotten_singles().delete()
    building.resume_stalled()
    list_intake.delete_orphaned_files()
    ensure_shift()
    Worker.objects.exclude(status=Worker.Status.WORKING).filter(
        ended_at__lt=timezone.now() - KEEP_WORKERS
    ).delete()
    delete_expired_logins()
    background_exports.delete_expired()
    background_exports.call_next()


def resume(**_: Any) -> None:
    """Queue a shift where this host has none, as a process of its queue starts (`post_spawn`)."""
    try:
        recover()
        ensure_shift()
    except DatabaseError:
        logger.warning("The database is not available; the shift starts when it is back.")


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
    stored = {name: getattr(batch, name) for name in true}
    if stored == true:
        return False
    logger.error("batch=%s counters %s did not match its jobs %s: repaired", batch.pk, stored, true)
    Batch.objects.filter(pk=batch.pk).update(**true, updated_at=Now())
    return True
