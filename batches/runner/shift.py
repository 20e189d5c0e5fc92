"""A shift: one host works for all runnable batches for a while, then hands over.

One main thread talks to the database: it claims, writes and says that it is alive. The pool's
thread keeps the scanning processes busy meanwhile.
"""

import gc
import logging
import os
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from batches.models import Batch, Job, Worker
from batches.queue import wake_workers
from batches.runner import claims, recovery
from batches.runner.claims import ShiftLostError
from batches.runner.flush import flush
from batches.runner.messages import ClaimedJob, Outcome
from batches.runner.pool import Pool
from batches.transitions import settle_cancelling

logger = logging.getLogger(__name__)

FLUSH_EVERY = 0.5
BEAT_EVERY = 1.0
# Seconds between two looks at whether the jobs at work here are still this shift's.
LOOK_EVERY = 1.0
RECOVER_EVERY = 10.0
# Seconds between two claims for a batch that has enough jobs waiting here.
ALLOT_EVERY = 2.0
# Seconds between two calls for idle hosts while more work waits than this one has claimed.
CALL_EVERY = 5.0
# Seconds without work after which a shift ends: a batch created meanwhile starts at once.
LINGER = 2.0
# Seconds that running scans get to end when the host is asked to stop.
STOP_GRACE = 3.0
DATABASE_PATIENCE = 120.0


def run_shift() -> str:
    """Work until there is nothing to do or the shift is over; return a sentence that says so.

    Returns at once where a shift is at work on this host already: that one sees the work too.
    """
    recovery.take_back()
    worker = Worker.begin(host=settings.SCAN_WORKER_NAME, pid=os.getpid())
    if worker is None:
        return "A shift is at work on this host already."
    gc.collect()
    gc.freeze()  # what is loaded now stays: the collector walks through it at every flush
    try:
        return Shift(worker).run()
    finally:
        gc.unfreeze()


class Shift:
    """The state of one shift; `run` is its life."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.pool = Pool(processes=settings.SCAN_PROCESSES, ceiling=settings.SCAN_MAX_CONCURRENT)
        self.parent = os.getppid()
        self.began = self.busy_at = monotonic()
        self.due = {"beat": 0.0, "look": 0.0, "recover": 0.0, "call": 0.0}
        # Batch -> the seats it was allotted, and when.
        self.granted: dict[UUID | None, tuple[int, float]] = {}
        self.unwritten: list[Outcome] = []
        self.draining = False
        self.stopping_since = 0.0
        self.database_away_since = 0.0
        self.written = 0

    def run(self) -> str:
        try:
            while not self._is_over():
                self._step()
        except ShiftLostError:
            logger.warning("worker=%s was silent too long and lost its jobs", self.worker.pk)
            for job in self.pool.close():
                logger.info("%s was lost to others by worker=%s", job.ids, self.worker.pk)
            return "The shift was silent too long: others took its jobs."
        except BaseException:
            self._hand_back(self.pool.close())
            raise
        self._hand_back(self.pool.close())
        return f"{self.written} jobs ended."

    def _step(self) -> None:
        """Do what is due, with patience for a database that is away."""
        self.pool.full.wait(FLUSH_EVERY)
        try:
            self._write()
            self._beat()
            self._steer()
            if not self.draining:
                self._recover()
                self._claim()
                self._call_others()
                self._drain_when_due()
            self.database_away_since = 0.0
        except (OperationalError, InterfaceError) as error:
            self._wait_for_database(error)

    def _write(self) -> None:
        taken = self.pool.take()
        self.unwritten += taken
        flush(self.worker, self.unwritten)
        self.written += len(self.unwritten)
        self.pool.written(self.unwritten)
        self.unwritten = []

    def _beat(self) -> None:
        if not self._is_due("beat", BEAT_EVERY):
            return
        if not self.pool.is_alive():
            raise RuntimeError("The scanning processes do not start, or their thread died.")
        facts: dict[str, Any] = {"stages": self.pool.stages()}
        if self.draining:
            executing = self.pool.executing()
            facts["seats"] = {str(batch): count for batch, count in executing.items() if batch}
        if not self.worker.beat(**facts):
            raise ShiftLostError
        if not self.stopping_since and self._is_asked_to_stop():
            self.stopping_since = monotonic()
            self._drain()

    def _is_asked_to_stop(self) -> bool:
        if os.getppid() != self.parent:
            return True
        mine = Worker.objects.filter(pk=self.worker.pk)
        return bool(mine.values_list("stop_requested", flat=True)[0])

    def _steer(self) -> None:
        """Hold and stop what was paused or cancelled since."""
        if self._is_due("look", LOOK_EVERY):
            mine = Job.objects.filter(worker=self.worker.pk, status=Job.Status.RUNNING)
            self.pool.keep_only(set(mine.order_by().values_list("pk", "claim_no")))
        rows = Batch.objects.filter(pk__in=self.pool.batches())
        for pk, status in rows.exclude(status=Batch.Status.RUNNING).values_list("pk", "status"):
            self._give_back(self.pool.take_waiting(pk))
            if status == Batch.Status.CANCELLING:
                self.pool.cancel(pk)
        settle_cancelling()

    def _recover(self) -> None:
        if self._is_due("recover", RECOVER_EVERY):
            recovery.take_back()

    def _claim(self) -> None:
        ceiling = settings.SCAN_MAX_CONCURRENT
        for batch_id in claims.runnable():
            self.busy_at = monotonic()
            executing, waiting = self.pool.load(batch_id)
            seats, at = self.granted.get(batch_id, (0, 0.0))
            if waiting > seats and monotonic() - at < ALLOT_EVERY:
                continue
            grant = claims.claim(
                self.worker, batch_id, executing=executing, waiting=waiting, ceiling=ceiling
            )
            self.granted[batch_id] = grant.seats, monotonic()
            self.pool.seat(batch_id, grant.seats)
            self.pool.offer(grant.jobs)

    def _call_others(self) -> None:
        """Wake a host that is idle while work waits; one that is at work passes it over."""
        if self._is_due("call", CALL_EVERY) and recovery.has_work():
            wake_workers()

    def _drain_when_due(self) -> None:
        if not self.pool.is_idle():
            self.busy_at = monotonic()
        over = monotonic() - self.began > settings.SCAN_SHIFT_SECONDS
        if over or monotonic() - self.busy_at > LINGER:
            self._drain()

    def _drain(self) -> None:
        """Claim no more, give back what has not started, and let the next shift begin."""
        if self.draining:
            return
        self.draining = True
        self._give_back(self.pool.take_waiting())
        if not self.worker.drain():
            raise ShiftLostError
        if not self.stopping_since and recovery.has_work():
            wake_workers()

    def _is_over(self) -> bool:
        if self.stopping_since and monotonic() - self.stopping_since > STOP_GRACE:
            return True
        return self.draining and not self.unwritten and self.pool.is_idle()

    def _hand_back(self, unfinished: list[ClaimedJob]) -> None:
        """End the shift: give back what it still holds."""
        self._give_back(unfinished)
        self._give_back([outcome.job for outcome in self.unwritten])
        self.worker.end()

    def _give_back(self, jobs: list[ClaimedJob]) -> None:
        with transaction.atomic():
            held = Job.objects.held(self.worker, {job.id: job.claim_no for job in jobs})
            Job.objects.filter(pk__in=held).give_back()

    def _wait_for_database(self, error: Exception) -> None:
        """Go on scanning while the database is away; what is unwritten stays here."""
        now = monotonic()
        self.database_away_since = self.database_away_since or now
        if now - self.database_away_since > DATABASE_PATIENCE:
            raise error
        logger.warning("the database is away, %d jobs unwritten: %s", len(self.unwritten), error)
        connection.close()

    def _is_due(self, what: str, every: float) -> bool:
        if monotonic() < self.due[what]:
            return False
        self.due[what] = monotonic() + every
        return True
