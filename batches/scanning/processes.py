"""Start, replace and stop the scanning processes of a pool."""

import selectors
from collections.abc import Iterator, Mapping
from time import monotonic

from batches.scanning.child import Child
from batches.scanning.messages import ClaimedJob, Scan

# Idle seconds after which the processes end.
IDLE_AFTER = 60.0
# Sites after which a process is replaced, to bound memory leaks.
RECYCLE_AFTER = 2_000
# Consecutive processes that may die before they are ready; then no more are started.
MAX_FAILED_STARTS = 3


class Processes:
    """Up to `most` processes that scan `threads` sites each, and as many that scan one alone."""

    def __init__(self, most: int, threads: int) -> None:
        self.selector = selectors.DefaultSelector()
        self._most = most
        self._threads = threads
        self._children: list[Child] = []
        self._failed_starts = 0
        self._busy_at = monotonic()

    def __iter__(self) -> Iterator[Child]:
        return iter(list(self._children))

    def __len__(self) -> int:
        return len(self._children)

    @property
    def can_start(self) -> bool:
        return self._failed_starts < MAX_FAILED_STARTS

    def scans(self) -> Iterator[Scan]:
        """Return the running scans."""
        return (scan for child in self for scan in child.running.values())

    def child_for(self, job: ClaimedJob) -> Child | None:
        """Return the least busy process with a free thread for a job.

        Skips a process that still runs an earlier, cancelled scan of the same job.
        """
        kind = (child for child in self._children if child.alone is job.alone)
        free = [child for child in kind if child.free > 0 and not child.has(job.key)]
        return min(free, key=lambda child: len(child.running), default=None)

    def adjust(self, waiting: Mapping[bool, int]) -> None:
        """Start, retire and stop processes as the jobs need.

        `waiting`: whether they run alone -> how many jobs wait.
        """
        worn_out = next((child for child in self if child.served >= RECYCLE_AFTER), None)
        staying = [child for child in self if not child.retiring and child is not worn_out]
        for alone, count in waiting.items():
            kind = [child for child in staying if child.alone is alone]
            jobs = count + sum(len(child.running) for child in kind)
            for _ in range(len(kind), min(self._most, jobs)):
                self._start(alone=alone)
        if any(waiting.values()) or any(self.scans()):
            self._busy_at = monotonic()
        self._retire(worn_out)

    def ready(self, child: Child) -> None:
        """Take note that a process accepts jobs."""
        child.ready = True
        self._failed_starts = 0

    def reap(self, child: Child) -> None:
        """Remove a process that died."""
        self._failed_starts += not child.ready
        self._remove(child)

    def retire_all(self) -> None:
        for child in self._children:
            child.retiring = True

    def close(self) -> None:
        for child in self:
            self._remove(child)
        self.selector.close()

    def _start(self, *, alone: bool) -> None:
        child = Child(1 if alone else self._threads, alone=alone)
        self.selector.register(child.fd, selectors.EVENT_READ, child)
        self._children.append(child)

    def _retire(self, worn_out: Child | None) -> None:
        """Retire a worn-out process, or all when idle; stop those that have no scan left.

        They are replaced one at a time, and each works until its replacement is ready.
        """
        if monotonic() - self._busy_at > IDLE_AFTER:
            self.retire_all()
        if worn_out and all(child.ready and not child.retiring for child in self):
            worn_out.retiring = True
        for child in self:
            if child.retiring and not child.running:
                self._remove(child)

    def _remove(self, child: Child) -> None:
        self.selector.unregister(child.fd)
        self._children.remove(child)
        child.kill()
