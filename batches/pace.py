"""Spread the starts of a batch's sites evenly over hours (the option `spread_hours`).

While a batch is paused, its clock stops, and with it the pace. A retried job keeps its position, so
it starts immediately if its time has passed.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from batches.models import Batch, Job

HOUR = 3600.0


def sites_due(batch: Batch) -> int:
    """Return how many sites of a batch may have started by now."""
    seconds = batch.scan_options.spread_hours * HOUR
    if not seconds:
        return batch.total
    return min(batch.total, 1 + int(batch.total * (batch.seconds or 0.0) / seconds))


def seconds_to_last_start(batch: Batch) -> float:
    """Return the seconds until the last site of a batch may start; 0 if it may now."""
    share = (batch.total - 1) / batch.total if batch.total else 0.0
    return max(batch.scan_options.spread_hours * HOUR * share - (batch.seconds or 0.0), 0.0)


def jobs_due(batches: Collection[UUID], most: int) -> dict[UUID, int]:
    """Return how many waiting jobs of each spread batch may start now, at most `most` per batch."""
    spread = Batch.objects.filter(pk__in=batches) if batches else ()
    return {batch.pk: _waiting(batch)[:most].count() for batch in spread}


def _waiting(batch: Batch) -> QuerySet[Job]:
    return Job.objects.claimable().filter(batch=batch, position__lt=sites_due(batch))
