"""The jobs that wait in a worker: for a slot, for a thread, or for a busy server."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

from batches.runner.addresses import AddressLimits
from batches.runner.messages import ClaimedJob

# A batch (None: jobs without one), and whether its jobs need a process of their own.
QueueKey = tuple[UUID | None, bool]


@dataclass(slots=True)
class Waiting:
    """A job that waits, and the addresses of its hosts once a scan has asked for them."""

    job: ClaimedJob
    answers: dict[str, list[str]] = field(default_factory=dict)
    since: float = field(default_factory=monotonic)

    @property
    def addresses(self) -> list[str]:
        return [address for addresses in self.answers.values() for address in addresses]

    def message(self) -> dict[str, Any]:
        return self.job.scan_message(self.answers, round(monotonic() - self.since, 3))


class WaitingJobs:
    """Queues of jobs that may start, and jobs whose servers have enough sites being scanned."""

    def __init__(self) -> None:
        self.queues: dict[QueueKey, deque[Waiting]] = {}
        # Longest first.
        self.blocked: dict[str, Waiting] = {}
        self._addresses = AddressLimits()

    def __bool__(self) -> bool:
        return bool(self.blocked or any(self.queues.values()))

    def jobs(self) -> list[ClaimedJob]:
        waiting = [*(w for queue in self.queues.values() for w in queue), *self.blocked.values()]
        return [w.job for w in waiting]

    def ready(self) -> Counter[UUID | None]:
        """Return how many jobs of each batch may start."""
        counts: Counter[UUID | None] = Counter()
        for (batch, _), queue in self.queues.items():
            counts[batch] += len(queue)
        return +counts

    def add(self, job: ClaimedJob) -> None:
        self._queue_of(job).append(Waiting(job))

    def admit(self, job: ClaimedJob, answers: dict[str, list[str]]) -> bool:
        """Count a scan at its addresses; return False, and keep the job back, if one is full."""
        waiting = Waiting(job, answers)
        if self._addresses.take(job.key, waiting.addresses):
            return True
        self.blocked[job.key] = waiting
        return False

    def leave(self, job: ClaimedJob) -> None:
        """Count a scan no more at its addresses; those that waited for them are next."""
        if self._addresses.release(job.key):
            self._unblock()

    def remove(self, predicate: Callable[[ClaimedJob], bool]) -> list[ClaimedJob]:
        """Return, and forget, jobs."""
        removed = [job for job in self.jobs() if predicate(job)]
        keys = {job.key for job in removed}
        for queue_key, queue in self.queues.items():
            self.queues[queue_key] = deque(w for w in queue if w.job.key not in keys)
        for key in keys:
            self.blocked.pop(key, None)
        for job in removed:
            self.leave(job)
        return removed

    def _unblock(self) -> None:
        for key, waiting in list(self.blocked.items()):
            if self._addresses.take(key, waiting.addresses):
                del self.blocked[key]
                self._queue_of(waiting.job).appendleft(waiting)

    def _queue_of(self, job: ClaimedJob) -> deque[Waiting]:
        return self.queues.setdefault((job.batch_id, job.alone), deque())
