"""Notice a cluster of queue workers that is alive but does nothing.

django-q2's workers share a lock; one that is killed while it holds it leaves the others waiting
for ever (https://github.com/django-q2/django-q2/issues/23).
"""

from time import monotonic

from django.conf import settings
from django.db import DatabaseError, connection

from batches.models import Worker
from batches.runner.recovery import has_work
from scrapersky.health import queue_problems
from scrapersky.supervisor.part import Part

LOOK_EVERY = 10.0
# Seconds that a fresh cluster gets to take what had piled up.
SETTLING = 90.0
PATIENCE = 60.0


class QueueWatch:
    """Look at the queue now and then; a problem that stays is a cluster that hangs."""

    def __init__(
        self, part: Part | None, *, settling: float = SETTLING, patience: float = PATIENCE
    ) -> None:
        self._part = part
        self._settling = settling
        self._patience = patience
        self._look_at = 0.0
        self._bad_since = 0.0

    def hung_part(self) -> Part | None:
        """Return the part that must be started again, if it is time to say so."""
        if self._part is None or not self._part.pid or monotonic() < self._look_at:
            return None
        self._look_at = monotonic() + min(LOOK_EVERY, self._patience)
        if self._part.age < self._settling or not _is_stuck():
            self._bad_since = 0.0
            return None
        self._bad_since = self._bad_since or monotonic()
        if monotonic() - self._bad_since < self._patience:
            return None
        self._bad_since = 0.0
        return self._part


def _is_stuck() -> bool:
    try:
        return bool(queue_problems()) or _leaves_work_lying()
    except DatabaseError:
        connection.close()
        return False


def _leaves_work_lying() -> bool:
    """Say whether work waits and this host has no shift at it.

    A cluster that hangs still fetches a message or two, and beside other hosts the queue is never
    seen to stand still; but whoever has work calls for idle hosts every few seconds.
    """
    here = Worker.objects.live().filter(host=settings.SCAN_WORKER_NAME)
    return not here.exists() and has_work()
