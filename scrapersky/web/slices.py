"""Long work in slices: each task works for some seconds, records its position and queues the next.

The database rows are the source of truth, and a queue message is only a trigger: a killed process
loses its current step, and housekeeping requeues stalled work.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from scrapersky.web.lists.deadline import QueryTooSlow

logger = logging.getLogger(__name__)

# Seconds after which a task queues the next one. Its last step may take longer.
SLICE_SECONDS = 15.0


class Refused(Exception):  # noqa: N818 (an outcome, not a fault)
    """The work cannot continue; the message says why."""


EXPECTED = (Refused, PermissionDenied, QueryTooSlow)


def enqueue(task: str, name: str, pk: UUID) -> None:
    """Queue a slice after the commit; if the broker does not respond, housekeeping queues it."""
    call = lambda: async_task(task, str(pk), task_name=name, group=name)  # noqa: E731
    transaction.on_commit(call, robust=True)


@dataclass(frozen=True, slots=True)
class SlicedWork:
    """A kind of work; the queue calls `task` with the id of a row.

    `work` takes an id and a monotonic deadline, does at least one step, and returns whether the
    work has ended. `fail` ends the row with the reason why it cannot continue.
    """

    name: str
    task: str
    work: Callable[[UUID, float], bool]
    fail: Callable[[UUID, str], Any]

    def run_slice(self, pk: UUID) -> None:
        """Work for the duration of one task, and queue the next if there is more to do."""
        if not self.run(pk, until=monotonic() + SLICE_SECONDS):
            self.enqueue(pk)

    def run(self, pk: UUID, *, until: float) -> bool:
        """Work until a deadline; return whether the work has ended: done, failed or taken over.

        An unavailable database does not fail the work: housekeeping continues it later.
        """
        try:
            return self.work(pk, until)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # the work ends here, so its true cause must be recorded
            self.fail(pk, self._sentence(pk, error)[:2_000])
            return True

    def enqueue(self, pk: UUID) -> None:
        enqueue(self.task, self.name, pk)

    def resume(self, stalled: QuerySet) -> int:
        """Requeue stalled rows; return how many. Only one of several hosts does so."""
        ids = list(stalled.values_list("pk", flat=True))
        claimed = [pk for pk in ids if stalled.filter(pk=pk).update(updated_at=timezone.now())]
        for pk in claimed:
            self.enqueue(pk)
        return len(claimed)

    def _sentence(self, pk: UUID, error: Exception) -> str:
        if isinstance(error, EXPECTED):
            return str(error)
        if isinstance(error, ValidationError):
            return " ".join(error.messages)
        logger.error("%s %s failed", self.name, pk, exc_info=error)
        if isinstance(error, OSError):
            cause = error.strerror or error
            return f"A file could not be read or written: {cause}. Check the server's disk."
        return f"The action failed: {type(error).__name__}: {error}"
