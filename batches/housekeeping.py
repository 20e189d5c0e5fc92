"""The housekeeping that runs every minute, as a safety net below every other mechanism."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils import timezone

from batches import background_exports, building, large_lists, view_exports
from batches.models import Batch, Draft, Job, Worker
from batches.queue import ensure_shift
from batches.runner.recovery import recover
from batches.sitemap_submission import settle_stranded
from batches.transitions import settle_cancelling
from scans.bulk.running import resume_stalled
from scans.domain_lists.importing import delete_expired as delete_expired_imports
from scrapersky.tenants.login_delays import delete_expired_logins
from scrapersky.web.lists.statistics import refresh_statistics

logger = logging.getLogger(__name__)

KEEP_WORKERS = timedelta(days=7)


def keep() -> None:
    """Run every housekeeping task.

    They recover lost jobs, finish cancellations, fail stranded sitemap imports, repair counters,
    resume stalled bulk actions, lists and exports, delete files and rows that are expired or
    orphaned, start this host's shift if it has none, and refresh SQLite's statistics.
    """
    recover()
    settle_cancelling()
    settle_stranded()
    audit()
    resume_stalled()
    Job.objects.forgotten_singles().delete()
    building.resume_stalled()
    large_lists.delete_orphaned_files()
    ensure_shift()
    Worker.objects.exclude(status=Worker.Status.WORKING).filter(
        ended_at__lt=timezone.now() - KEEP_WORKERS
    ).delete()
    delete_expired_logins()
    Draft.objects.expired().delete()
    delete_expired_imports()
    background_exports.delete_expired()
    view_exports.delete_unfinished()
    background_exports.call_next()
    refresh_statistics()


def audit() -> int:
    """Compare the counters of unfinished batches with their jobs; repair and log any difference.

    Returns how many batches were repaired. Each batch is counted under its lock, so that a
    concurrent flush is not mistaken for a difference.
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
    if not true["total"]:  # none of its jobs is left that could end it
        true |= {"total": batch.total, "cancelled": batch.total}
    stored = {name: getattr(batch, name) for name in true}
    if stored == true:
        return False
    logger.error("batch=%s counters %s did not match its jobs %s: repaired", batch.pk, stored, true)
    Batch.objects.filter(pk=batch.pk).update(**true, updated_at=Now())
    return True
