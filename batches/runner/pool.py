"""Keep the scanning processes busy, from a thread of its own that never waits for the database.

The shift's main thread hands over claimed jobs and takes outcomes away; between the two, jobs
start the moment a seat is free, even while the main thread writes.
"""

import json
import logging
import os
import selectors
import threading
from collections import deque
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from batches.runner.messages import ClaimedJob, Kind, Outcome, failure
from batches.runner.process import Child, Frame, Running
from scans.engine.errors import FailureReason

logger = logging.getLogger(__name__)

# Outcomes that are written at once without waiting for more.
FULL = 64
UNWRITTEN_OUTCOMES = 400
UNWRITTEN_BYTES = 64_000_000
TICK = 0.25
# Processes in a row that die before they are ready, after which the pool gives up.
MAX_FAILED_STARTS = 3
BatchKey = UUID | None


class Pool:
    """The scanning processes of one shift."""

    def __init__(self, *, processes: int, ceiling: int) -> None:
        self._lock = threading.Lock()
        self._processes = processes
        self._threads = max(1, ceiling // processes)
        self._children: list[Child] = []
        self._waiting: dict[BatchKey, deque[ClaimedJob]] = {}
        self._seats: dict[BatchKey, int] = {}
        self._outcomes: list[Outcome] = []
        self._unwritten = [0, 0]
        self._stillborn = 0
        self._closed = False
        # Set when it is worth while to take the outcomes before the next round.
        self.full = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._pump, name="pool", daemon=True)
        self._thread.start()

    # What the main thread calls

    def offer(self, jobs: Iterable[ClaimedJob]) -> None:
        """Take over jobs that were claimed; each starts when its batch has a free seat."""
        with self._lock:
            for job in jobs:
                self._waiting.setdefault(job.batch_id, deque()).append(job)
        self._wake()

    def seat(self, batch_id: BatchKey, seats: int) -> None:
        """Say how many jobs of a batch may be scanned at once."""
        with self._lock:
            self._seats[batch_id] = seats

    def load(self, batch_id: BatchKey) -> tuple[int, int]:
        """Return how many jobs of a batch are being scanned, and how many wait here."""
        with self._lock:
            return self._executing().get(batch_id, 0), len(self._waiting.get(batch_id, ()))

    def executing(self) -> dict[BatchKey, int]:
        """Return batch -> how many of its jobs are being scanned."""
        with self._lock:
            return self._executing()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def is_idle(self) -> bool:
        with self._lock:
            waiting = any(self._waiting.values())
            return not (waiting or self._outcomes or any(c.running for c in self._children))

    def stages(self) -> dict[str, list[Any]]:
        """Return job id -> [stage, progress 0..1] of every job being scanned."""
        with self._lock:
            frames = {
                key: run.stage for child in self._children for key, run in child.running.items()
            }
        told = {key: json.loads(frame) for key, frame in frames.items()}
        return {key: [frame["stage"], frame["progress"]] for key, frame in told.items()}

    def take(self) -> list[Outcome]:
        """Return the outcomes that have not been taken yet."""
        with self._lock:
            taken, self._outcomes = self._outcomes, []
            self.full.clear()
        return taken

    def written(self, outcomes: list[Outcome]) -> None:
        """Say that outcomes are stored (or dropped), which makes room for more."""
        with self._lock:
            self._unwritten[0] -= len(outcomes)
            self._unwritten[1] -= sum(len(outcome.payload) for outcome in outcomes)
        self._wake()

    def batches(self) -> set[UUID]:
        """Return the batches that have jobs here."""
        with self._lock:
            held = set(self._executing()) | set(self._waiting)
        return {batch for batch in held if batch}

    def cancel(self, batch_id: BatchKey) -> None:
        """Stop the running scans of a batch; each ends as cancelled or as it did just before."""
        with self._lock:
            for child in self._children:
                for key, run in child.running.items():
                    if run.job.batch_id == batch_id:
                        child.cancel(key)

    def keep_only(self, held: set[tuple[UUID, int]]) -> None:
        """Stop and forget the jobs that are not held any more; `held`: job, number of its claim."""
        with self._lock:
            for batch, queue in self._waiting.items():
                kept = deque(job for job in queue if (job.id, job.claim_no) in held)
                self._waiting[batch] = kept
            for child in self._children:
                for key, run in child.running.items():
                    if (run.job.id, run.job.claim_no) not in held:
                        child.cancel(key)

    def take_waiting(self, *batch_ids: BatchKey) -> list[ClaimedJob]:
        """Return, and forget, the jobs that have not started: of these batches, or all."""
        with self._lock:
            chosen = batch_ids or list(self._waiting)
            return [job for batch in chosen for job in self._waiting.pop(batch, ())]

    def close(self) -> list[ClaimedJob]:
        """End every process; return the jobs that had not ended."""
        with self._lock:
            self._closed = True
        self._wake()
        self._thread.join()
        unfinished = [run.job for child in self._children for run in child.running.values()]
        for child in self._children:
            child.kill()
        self._selector.close()
        os.close(self._wake_out)
        os.close(self._wake_in)
        return unfinished + self.take_waiting()

    # What the pump does

    def _wake(self) -> None:
        try:
            os.write(self._wake_in, b"!")
        except (BlockingIOError, OSError):
            return  # a full pipe wakes the pump as well; a closed one has no pump

    def _pump(self) -> None:
        while not self._closed and self._stillborn < MAX_FAILED_STARTS:
            for key, _ in self._selector.select(TICK):
                if key.data is None:
                    os.read(self._wake_out, 4096)
                else:
                    self._hear(key.data)
            with self._lock:
                self._give_up_overdue()
                self._retire()
                self._scale()
                self._dispatch()

    def _hear(self, child: Child) -> None:
        frames = child.read()
        with self._lock:
            if frames is None:
                self._reap(child)
                return
            for frame in frames:
                self._note(child, frame)

    def _note(self, child: Child, frame: Frame) -> None:
        run = child.running.get(frame.key)
        if frame.kind == "ready":
            child.ready = True
            self._stillborn = 0
        elif frame.kind == "stage":
            if run:
                run.stage = frame.payload
        elif frame.kind in (Kind.REPORT, Kind.FAILURE):
            child.stuck.discard(frame.key)
            if run:
                del child.running[frame.key]
                self._end(Outcome(run.job, Kind(frame.kind), frame.payload, run.started_at))

    def _end(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._unwritten[0] += 1
        self._unwritten[1] += len(outcome.payload)
        working = any(self._waiting.values()) or any(c.running for c in self._children)
        if len(self._outcomes) >= FULL or not working:
            self.full.set()

    def _reap(self, child: Child) -> None:
        """Forget a process that died; the jobs it was doing are lost with it."""
        self._selector.unregister(child.fd)
        self._children.remove(child)
        self._stillborn += not child.ready
        child.kill()
        for run in child.running.values():
            logger.warning("%s lost its scanning process %d", run.job.ids, child.pid)
            self._end(Outcome(run.job, Kind.LOST, b"{}", run.started_at))

    def _give_up_overdue(self) -> None:
        for child in self._children:
            for key in [key for key, run in child.running.items() if run.overdue]:
                run = child.give_up(key)
                self._end(_overdue(run))

    def _retire(self) -> None:
        """End processes that have lost too many threads, once their other jobs have ended."""
        for child in [c for c in self._children if c.retiring and not c.running]:
            self._selector.unregister(child.fd)
            self._children.remove(child)
            child.kill()

    def _executing(self) -> dict[BatchKey, int]:
        counts: dict[BatchKey, int] = {}
        for child in self._children:
            for run in child.running.values():
                counts[run.job.batch_id] = counts.get(run.job.batch_id, 0) + 1
        return counts

    def _dispatch(self) -> None:
        """Start waiting jobs, one of each batch in turn, while there are seats and threads."""
        counts = self._executing()
        blocked: set[BatchKey] = set()
        while self._unwritten[0] < UNWRITTEN_OUTCOMES and self._unwritten[1] < UNWRITTEN_BYTES:
            ready = [batch for batch in self._with_seats(counts) if batch not in blocked]
            if not ready:
                return
            for batch in ready:
                if not self._start(self._waiting[batch]):
                    blocked.add(batch)
                    continue
                counts[batch] = counts.get(batch, 0) + 1
            # the batch served first goes to the end of the line
            self._waiting[ready[0]] = self._waiting.pop(ready[0])

    def _with_seats(self, counts: dict[BatchKey, int]) -> list[BatchKey]:
        return [
            batch
            for batch, queue in self._waiting.items()
            if queue and counts.get(batch, 0) < self._seats.get(batch, 0)
        ]

    def _start(self, queue: deque[ClaimedJob]) -> bool:
        """Start the first job for which there is a process; say whether there was one."""
        for alone in (False, True):
            place = next((i for i, job in enumerate(queue) if job.alone is alone), None)
            child = None if place is None else self._child_for(queue[place])
            if place is not None and child is not None:
                job = queue[place]
                del queue[place]
                child.start(job)
                return True
        return False

    def _child_for(self, job: ClaimedJob) -> Child | None:
        """Return the least busy process of the job's kind with a free thread.

        Not one that still has an earlier scan of the same job, cancelled and retried since.
        """
        kind = [child for child in self._children if child.alone is job.alone]
        free = [child for child in kind if child.free > 0 and not child.has(job.key)]
        return min(free, key=lambda child: len(child.running), default=None)

    def _scale(self) -> None:
        """Start the processes that the waiting and running jobs need, up to one a core."""
        waiting = [job.alone for queue in self._waiting.values() for job in queue]
        for alone in (False, True):
            kind = [c for c in self._children if c.alone is alone and not c.retiring]
            jobs = waiting.count(alone) + sum(len(child.running) for child in kind)
            for _ in range(len(kind), min(self._processes, jobs)):
                self._add(Child(1 if alone else self._threads, alone=alone))

    def _add(self, child: Child) -> None:
        self._children.append(child)
        self._selector.register(child.fd, selectors.EVENT_READ, child)


def _overdue(run: Running) -> Outcome:
    sentence = (
        f"The scan had not ended {run.job.options.site_deadline:g} seconds after it began, "
        "the time one site may take."
    )
    return failure(run.job, FailureReason.DEADLINE_EXCEEDED, sentence, run.started_at)
