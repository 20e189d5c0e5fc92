"""Hold the jobs that wait in a worker for a slot, a thread or a busy server."""

from collections import deque
from collections.abc import Callable
from time import monotonic
from uuid import UUID

from batches.scanning.addresses import AddressLimits
from batches.scanning.messages import ClaimedJob, Scan

# (batch or None, whether the jobs need a process of their own)
QueueKey = tuple[UUID | None, bool]


class WaitingJobs:
    """Queues of jobs that may start, and jobs whose servers are busy."""

    def __init__(self) -> None:
        self.queues: dict[QueueKey, deque[Scan]] = {}
        # Longest first.
        self.blocked: dict[str, Scan] = {}
        self._addresses = AddressLimits()

    def __bool__(self) -> bool:
        return bool(self.blocked or any(self.queues.values()))

    def jobs(self) -> list[ClaimedJob]:
        ready = [scan.job for queue in self.queues.values() for scan in queue]
        return ready + [scan.job for scan in self.blocked.values()]

    def by_process(self) -> dict[bool, int]:
        """Return how many jobs may start, by whether they need a process of their own."""
        counts = {False: 0, True: 0}
        for (_, alone), queue in self.queues.items():
            counts[alone] += len(queue)
        return counts

    def add(self, job: ClaimedJob) -> None:
        self._queue_of(job).append(Scan(job))

    def admit(self, scan: Scan) -> bool:
        """Count a scan at its addresses; if one is full, hold the scan back and return False."""
        if self._addresses.take(scan.job.key, scan.addresses):
            return True
        scan.sent_back = monotonic()
        self.blocked[scan.job.key] = scan
        return False

    def leave(self, job: ClaimedJob) -> None:
        """Stop counting a scan at its addresses; scans waiting for them are next."""
        if self._addresses.release(job.key):
            self._unblock()

    def remove(self, predicate: Callable[[ClaimedJob], bool]) -> list[ClaimedJob]:
        """Remove and return jobs."""
        removed = [job for job in self.jobs() if predicate(job)]
        keys = {job.key for job in removed}
        for queue_key, queue in self.queues.items():
            self.queues[queue_key] = deque(scan for scan in queue if scan.job.key not in keys)
        for key in keys:
            self.blocked.pop(key, None)
        for job in removed:
            self.leave(job)
        return removed

    def _unblock(self) -> None:
        for key, scan in list(self.blocked.items()):
            if self._addresses.take(key, scan.addresses):
                del self.blocked[key]
                self._queue_of(scan.job).appendleft(scan)

    def _queue_of(self, job: ClaimedJob) -> deque[Scan]:
        return self.queues.setdefault((job.batch_id, job.alone), deque())
