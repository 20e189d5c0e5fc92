"""A shift: one host's work on all batches, for as long as its cluster runs.

The main thread talks to the database: it writes, claims and says that it is alive. The pool's
thread keeps the scanning processes busy meanwhile.
"""

import faulthandler
import gc
import logging
import os
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from batches.models import Batch, Job, Worker
from batches.runner import recovery
from batches.runner.claims import Claimer, ShiftLostError
from batches.runner.flush import flush, release
from batches.runner.messages import ClaimKey
from batches.runner.pool import Pool
from batches.transitions import settle_cancelling
from scrapersky.web.database_errors import is_conflict
from scrapersky.web.stopping import cluster_stops

logger = logging.getLogger(__name__)

# Seconds between two rounds while there is work, and while there is none.
ROUND_EVERY = 0.5
IDLE_EVERY = 1.0
# Seconds between two heartbeats, each with a check whether the jobs here are still this worker's.
BEAT_EVERY = 1.0
RECOVER_EVERY = 10.0
# Seconds that running scans get to end when the shift is to stop.
STOP_GRACE = 3.0
# Seconds that one step may take before the process ends itself; its jobs are lost by then.
STUCK_AFTER = 120.0
DATABASE_PATIENCE = 120.0


def run_shift(*, linger: float | None = None) -> str:
    """Scan for this host until its cluster stops; return a sentence that says how it ended.

    Returns at once where the host has a shift. With `linger` (seconds), ends after so long without
    work.
    """
    if cluster_stops.value:
        return "The cluster is stopping."
    recovery.recover()
    worker = Worker.begin(host=settings.SCAN_WORKER_NAME, pid=os.getpid())
    if worker is None:
        return "This host already has a shift."
    gc.collect()
    gc.freeze()  # what is loaded now stays: the collector walks through it at every flush
    try:
        return Shift(worker, linger).run()
    finally:
        faulthandler.cancel_dump_traceback_later()
        gc.unfreeze()


class Shift:
    """The state of a shift; `run` is its life, `_step` its loop."""

    def __init__(self, worker: Worker, linger: float | None = None) -> None:
        ceiling = settings.SCAN_MAX_CONCURRENT
        self.worker = worker
        self.linger = linger
        self.pool = Pool(processes=settings.SCAN_PROCESSES, ceiling=ceiling)
        self.claimer = Claimer(worker, ceiling)
        self.parent = os.getppid()
        self.busy_at = monotonic()
        self.due: dict[str, float] = {}
        self.stopping_since = 0.0
        self.database_away_since = 0.0
        self.ended = 0

    def run(self) -> str:
        try:
            while not self._is_over():
                faulthandler.dump_traceback_later(STUCK_AFTER, exit=True, file=2)
                self._step()
        except ShiftLostError:
            jobs = self.pool.close()
            logger.warning("worker=%s was silent and lost %d jobs", self.worker.pk, len(jobs))
            return "The shift missed its heartbeats, so its jobs were recovered."
        except BaseException:
            self._end()
            raise
        self._end()
        return f"{self.ended:,} jobs ended."

    def _step(self) -> None:
        """Do what is due, with patience for a database that is away."""
        idle = monotonic() - self.busy_at > IDLE_EVERY
        self.pool.full.wait(IDLE_EVERY if idle else ROUND_EVERY)
        try:
            self._write()
            if self._is_due("beat", BEAT_EVERY):
                self._beat()
                self._check()
            if not self.stopping_since and self._is_due("recover", RECOVER_EVERY):
                recovery.recover()
            if not self.stopping_since and self._is_due("claim", ROUND_EVERY):
                self._claim()
            self.database_away_since = 0.0
        except (OperationalError, InterfaceError) as error:
            self._wait_for_database(error)

    def _write(self) -> None:
        """Store which scans have begun and how others ended; without a database they stay."""
        started, outcomes = self.pool.take()
        Job.objects.begin(self.worker, started)
        flush(self.worker, outcomes)
        self.pool.written(started, outcomes)
        self.ended += len(outcomes)
        if outcomes:
            self.busy_at = monotonic()

    def _beat(self) -> None:
        """Say that the shift is alive, what it scans, and which slots it needs."""
        if not self.pool.is_alive():
            raise RuntimeError("The scanning processes failed to start, or their thread died.")
        if not self.worker.beat(stages=self.pool.stages(), slots=self.pool.slots()):
            raise ShiftLostError
        if not self.stopping_since and self._is_to_stop():
            self.stopping_since = monotonic()
            release(self.worker, self.pool.take_waiting(lambda job: True))

    def _is_to_stop(self) -> bool:
        if cluster_stops.value or os.getppid() != self.parent:
            return True
        return Worker.objects.filter(pk=self.worker.pk, stop_requested=True).exists()

    def _check(self) -> None:
        """Stop what was paused, cancelled or taken over; let go of what is not here."""
        here = self.pool.claims()
        ids = {pk for pk, _ in here}
        states: dict[ClaimKey, str] = {}  # of the batches of the jobs that are held and here
        strays: list[UUID] = []  # cancelled, and their scan has ended; or a claim without answer
        rows = Job.objects.filter(worker=self.worker.pk).order_by()
        for pk, claim_no, status, state in rows.values_list(
            "pk", "claim_no", "status", "batch__status"
        ):
            if pk not in ids:
                strays.append(pk)
            elif status in Job.ACTIVE:
                states[pk, claim_no] = state or Batch.Status.RUNNING
        Job.objects.filter(pk__in=strays, worker=self.worker.pk).release()
        cancelling = Batch.Status.CANCELLING
        self.pool.stop({claim for claim in here if states.get(claim, cancelling) == cancelling})
        held_up = self.pool.take_waiting(lambda job: states.get(job.claim) != Batch.Status.RUNNING)
        release(self.worker, held_up)
        settle_cancelling()

    def _claim(self) -> None:
        """Make a round; what waits for busy servers beyond a budget is left to others."""
        release(self.worker, self.pool.take_blocked(keep=settings.SCAN_MAX_CONCURRENT))
        start_pending()
        if claim := self.claimer.claim(self.pool.loads()):
            self.pool.offer(claim.jobs, claim.slots)

    def _is_over(self) -> bool:
        if not self.pool.is_idle():
            self.busy_at = monotonic()
            return bool(self.stopping_since) and monotonic() - self.stopping_since > STOP_GRACE
        idle = monotonic() - self.busy_at
        return bool(self.stopping_since) or (self.linger is not None and idle > self.linger)

    def _end(self) -> None:
        release(self.worker, self.pool.close())
        self.worker.end()

    def _wait_for_database(self, error: Exception) -> None:
        """Go on scanning while the database is away; what is unwritten stays in the pool."""
        now = monotonic()
        self.database_away_since = self.database_away_since or now
        if now - self.database_away_since > DATABASE_PATIENCE:
            raise error
        state = "busy" if is_conflict(error) else "away"
        logger.warning("The database is %s; the shift waits for it: %s", state, error)
        connection.close()

    def _is_due(self, what: str, every: float) -> bool:
        if monotonic() < self.due.get(what, 0.0):
            return False
        self.due[what] = monotonic() + every
        return True


def start_pending() -> None:
    """Start the batches that wait; no write where there is none: SQLite locks the database."""
    pending = Batch.objects.startable()
    if not pending.exists():
        return
    with transaction.atomic():
        rows = pending.select_for_update(skip_locked=True, no_key=True).order_by("pk")
        totals = dict(rows.values_list("pk", "total"))
        pending.filter(pk__in=totals).start()
    for pk, total in totals.items():
        logger.info("batch=%s starts, %d jobs", pk, total)
