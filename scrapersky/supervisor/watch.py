"""Detect a queue cluster that is alive but does nothing.

django-q2's workers share a lock; if one is killed while holding it, the others wait forever
(https://github.com/django-q2/django-q2/issues/23).
"""

from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.models import Schedule

from batches.maintenance import MINUTE_KEEPER
from batches.models import MaintenanceRun, Worker
from scrapersky.supervisor.part import Part

LOOK_EVERY = 10.0
# Seconds that a new cluster has to work off the backlog.
SETTLING = 90.0
PATIENCE = 60.0
KEEPER_PATIENCE = timedelta(seconds=1.5 * settings.Q_CLUSTER["timeout"])


class QueueWatch:
    """Check the queue periodically; a persistent problem means that the cluster hangs."""

    def __init__(
        self, part: Part | None, *, settling: float = SETTLING, patience: float = PATIENCE
    ) -> None:
        self._part = part
        self._settling = settling
        self._patience = patience
        self._look_at = 0.0
        self._bad_since = 0.0

    def hung_part(self) -> Part | None:
        """Return the part that must be restarted, if any."""
        if self._part is None or not self._part.pid or monotonic() < self._look_at:
            return None
        self._look_at = monotonic() + min(LOOK_EVERY, self._patience)
        if self._part.age < self._settling or not _is_stuck(self._part.age):
            self._bad_since = 0.0
            return None
        self._bad_since = self._bad_since or monotonic()
        if monotonic() - self._bad_since < self._patience:
            return None
        self._bad_since = 0.0
        return self._part


def _is_stuck(age: float) -> bool:
    """Return whether this host has no recent heartbeat, or its queue is stalled; `age` in seconds.

    Schedules and exports run next to the shift, each for a limited time: if housekeeping has not
    started for longer than all of them may take together, nobody reads the queue.
    """
    try:
        here = Worker.objects.live().on_host(settings.SCAN_WORKER_NAME)
        is_new = age < KEEPER_PATIENCE.total_seconds()
        return not here.exists() or (not is_new and _is_keeper_late())
    except DatabaseError:
        connection.close()
        return False


def _is_keeper_late() -> bool:
    late = timezone.now() - KEEPER_PATIENCE
    return (
        Schedule.objects.filter(name=MINUTE_KEEPER).exclude(repeats=0).exists()
        and MaintenanceRun.objects.filter(name=MINUTE_KEEPER, started_at__lt=late).exists()
    )
