"""Keep the scanning processes busy, in a separate thread that never waits for the database.

The shift's main thread hands over claimed jobs and collects starts and outcomes. Meanwhile jobs
start as soon as a slot is free, even while the main thread writes.
"""

import json
import logging
import math
import os
import selectors
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import datetime
from time import monotonic
from typing import Any

from django.utils import timezone

from batches.scanning.child import Child, Frame
from batches.scanning.messages import (
    BatchKey,
    ClaimedJob,
    ClaimKey,
    Kind,
    Load,
    Outcome,
    Scan,
    failure,
)
from batches.scanning.processes import Processes
from batches.scanning.waiting import QueueKey, WaitingJobs
from scans.engine.errors import FailureReason

logger = logging.getLogger(__name__)

# Number of outcomes at which they are written without waiting for more.
FULL = 64
UNWRITTEN_OUTCOMES = 400
UNWRITTEN_BYTES = 64_000_000
# How much the number of running scans may grow, per second and process. Scans that start together
# need the processors together, answer after answer, and wait for each other each time.
GROWTH = 35.0
# Seconds between two checks for overdue scans and for missing or worn-out processes.
TICK = 0.25


class Pool:
    """The scanning processes of one shift; at most `ceiling` jobs are scanned at once."""

    def __init__(self, *, processes: int, ceiling: int) -> None:
        self._lock = threading.Lock()
        self._ceiling = ceiling
        self._growth = max(1.0, processes * GROWTH * TICK)
        # Scans that may run until the next tick.
        self._most = 0.0
        self._processes = Processes(processes, threads=math.ceil(ceiling / processes))
        self._waiting = WaitingJobs()
        self._slots: dict[BatchKey, int] = {}
        self._executing: Counter[BatchKey] = Counter()
        self._started: dict[ClaimKey, datetime] = {}
        self._outcomes: list[Outcome] = []
        self._outcome_bytes = 0
        self._closed = False
        self._tick_at = 0.0
        # Set if the outcomes should be collected before the next round.
        self.full = threading.Event()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._processes.selector.register(self._wake_out, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._pump, name="pool", daemon=True)
        self._thread.start()

    # Called by the main thread

    def offer(self, jobs: Iterable[ClaimedJob], slots: dict[BatchKey, int]) -> None:
        """Accept claimed jobs, and the number of each batch's jobs that may be scanned at once."""
        with self._lock:
            self._slots = dict(slots)
            for job in jobs:
                self._waiting.add(job)
        self._wake()

    def loads(self) -> dict[BatchKey, Load]:
        """Return the load of each batch."""
        with self._lock:
            return self._loads()

    def slots(self) -> dict[str, int]:
        """Free the slots of ended jobs; return the slots in use, by batch id."""
        with self._lock:
            loads = self._loads()
            self._slots = {
                batch: min(self._slots.get(batch, 0), load.held) for batch, load in loads.items()
            }
            used = {batch: max(free, self._executing[batch]) for batch, free in self._slots.items()}
        return {str(batch): count for batch, count in used.items() if batch and count}

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def is_idle(self) -> bool:
        with self._lock:
            return not self._outcomes and not self._has_jobs()

    def stages(self) -> dict[str, list[Any]]:
        """Return job id -> [stage, progress 0..1] of every job being scanned."""
        with self._lock:
            frames = {scan.job.key: scan.stage for scan in self._processes.scans()}
        values = {key: json.loads(frame) for key, frame in frames.items()}
        return {key: [value["stage"], value["progress"]] for key, value in values.items()}

    def take(self) -> tuple[dict[ClaimKey, datetime], list[Outcome]]:
        """Return started scans with their times, and outcomes; both stay until `written`."""
        with self._lock:
            self.full.clear()
            return dict(self._started), list(self._outcomes)

    def written(self, started: Iterable[ClaimKey], outcomes: list[Outcome]) -> None:
        """Forget starts and outcomes that are stored now, which makes room for more."""
        with self._lock:
            for claim in started:
                self._started.pop(claim, None)
            del self._outcomes[: len(outcomes)]
            self._outcome_bytes -= sum(len(outcome.payload) for outcome in outcomes)
        self._wake()

    def claims(self) -> set[ClaimKey]:
        """Return the claims of all jobs here, including ended ones not yet written."""
        with self._lock:
            return {job.claim for job in self._jobs()}

    def stop(self, claims: set[ClaimKey]) -> None:
        """Stop scans; each ends as cancelled unless it has just ended otherwise."""
        with self._lock:
            for child in self._processes:
                for key, scan in child.running.items():
                    if scan.job.claim in claims:
                        child.cancel(key)

    def take_waiting(
        self, predicate: Callable[[ClaimedJob], bool] = lambda job: True
    ) -> list[ClaimedJob]:
        """Remove and return jobs that have not started."""
        with self._lock:
            return self._waiting.remove(predicate)

    def take_blocked(self, keep: int) -> list[ClaimedJob]:
        """Remove and return all but `keep` of the jobs waiting for busy servers."""
        with self._lock:
            surplus = set(list(self._waiting.blocked)[keep:])
            return self._waiting.remove(lambda job: job.key in surplus) if surplus else []

    def replace_processes(self) -> None:
        """Replace the processes as their running scans end."""
        with self._lock:
            self._processes.retire_all()
        self._wake()

    def close(self) -> list[ClaimedJob]:
        """Stop all processes; return the jobs whose outcomes are not written."""
        with self._lock:
            self._closed = True
        self._wake()
        self._thread.join()
        unfinished = self._jobs()
        self._processes.close()
        os.close(self._wake_out)
        os.close(self._wake_in)
        return unfinished

    # State of the jobs

    def _jobs(self) -> list[ClaimedJob]:
        unwritten = [outcome.job for outcome in self._outcomes]
        return [*self._waiting.jobs(), *(scan.job for scan in self._processes.scans()), *unwritten]

    def _has_jobs(self) -> bool:
        return bool(self._executing or self._waiting)

    def _loads(self) -> dict[BatchKey, Load]:
        held = Counter(job.batch_id for job in self._jobs())
        blocked = Counter(scan.job.batch_id for scan in self._waiting.blocked.values())
        return {batch: Load(count, blocked[batch]) for batch, count in held.items()}

    # Run by the pump

    def _wake(self) -> None:
        try:
            os.write(self._wake_in, b"!")
        except OSError:
            return  # a full pipe wakes the pump anyway; a closed one means that it has stopped

    def _pump(self) -> None:
        while not self._closed and self._processes.can_start:
            busy = self._processes or self._has_jobs()
            for key, _ in self._processes.selector.select(TICK if busy else None):
                if key.data is None:
                    os.read(self._wake_out, 4096)
                else:
                    self._receive(key.data)
            with self._lock:
                if monotonic() >= self._tick_at:
                    self._tick_at = monotonic() + TICK
                    self._most = min(self._ceiling, self._executing.total() + self._growth)
                    self._give_up_overdue()
                    self._processes.adjust(self._waiting.by_process())
                self._dispatch()

    def _receive(self, child: Child) -> None:
        frames = child.read()
        with self._lock:
            if frames is None:
                self._reap(child)
                return
            for frame in frames:
                self._handle(child, frame)

    def _handle(self, child: Child, frame: Frame) -> None:
        scan = child.running.get(frame.key)
        if frame.kind == "ready":
            self._processes.ready(child)
        elif frame.kind == "resolved":
            self._admit(child, frame, scan)
        elif frame.kind == "stage" and scan:
            scan.stage = frame.payload
        elif frame.kind in (Kind.REPORT, Kind.FAILURE):
            child.stuck.discard(frame.key)
            if scan:
                outcome = Outcome(scan.job, Kind(frame.kind), frame.payload, scan.started_at)
                self._end(child, scan, outcome)

    def _admit(self, child: Child, frame: Frame, scan: Scan | None) -> None:
        """Let a scan continue once its server is known, or defer it if the server is busy."""
        if scan is None:
            child.send({"type": "go", "job": frame.key})  # cancelled meanwhile; it ends on its own
            return
        scan.answers = json.loads(frame.payload)
        may_go = self._waiting.admit(scan)
        child.send({"type": "go" if may_go else "back", "job": frame.key})
        if may_go:
            scan.started_at = self._started[scan.job.claim] = timezone.now()
        else:
            self._stop(child, scan)

    def _stop(self, child: Child, scan: Scan) -> None:
        """Stop counting a job as executing; let a job waiting for its server be next."""
        del child.running[scan.job.key]
        self._executing[scan.job.batch_id] -= 1
        self._executing = +self._executing
        self._waiting.leave(scan.job)

    def _end(self, child: Child, scan: Scan, outcome: Outcome) -> None:
        self._stop(child, scan)
        self._started.pop(scan.job.claim, None)
        self._outcomes.append(outcome)
        self._outcome_bytes += len(outcome.payload)
        if len(self._outcomes) % FULL == 0 or not self._has_jobs():
            self.full.set()

    def _reap(self, child: Child) -> None:
        """Remove a process that died; its running jobs are lost."""
        for scan in list(child.running.values()):
            logger.warning("%s lost its scanning process %d", scan.job.ids, child.pid)
            self._end(child, scan, Outcome(scan.job, Kind.LOST, b"{}", scan.started_at))
        self._processes.reap(child)

    def _give_up_overdue(self) -> None:
        for child in self._processes:
            for scan in [scan for scan in child.running.values() if scan.overdue]:
                self._end(child, scan, _overdue(scan))
                child.give_up(scan.job.key)

    # Starting jobs

    def _dispatch(self) -> None:
        """Start waiting jobs, one per batch in turn, while slots and threads are free."""
        served = True
        while served:
            served = False
            queues = self._waiting.queues
            for key, queue in list(queues.items()):
                if not self._has_room():
                    return
                if not queue:
                    del queues[key]
                elif self._start(key, queue):
                    served = True
                    queues[key] = queues.pop(key)  # to the end of the queue

    def _has_room(self) -> bool:
        return (
            self._executing.total() + 1 <= self._most
            and len(self._outcomes) < UNWRITTEN_OUTCOMES
            and self._outcome_bytes < UNWRITTEN_BYTES
        )

    def _start(self, key: QueueKey, queue: deque[Scan]) -> bool:
        """Start the first job of a queue if a slot of its batch and a thread are free."""
        batch, _ = key
        if self._executing[batch] >= self._slots.get(batch, 0):
            return False
        child = self._processes.child_for(queue[0].job)
        if child is None:
            return False
        child.start(queue.popleft())
        self._executing[batch] += 1
        return True


def _overdue(scan: Scan) -> Outcome:
    seconds = scan.job.options.site_deadline
    sentence = f"The scan did not end within its deadline of {seconds:g} seconds."
    return failure(scan.job, FailureReason.DEADLINE_EXCEEDED, sentence, scan.started_at)
