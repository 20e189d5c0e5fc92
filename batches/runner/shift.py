"""Run a shift: one host's work on all batches for as long as its cluster runs.

Twice a second, `Shift._step` writes what ended, sends a heartbeat, stops what was paused or
cancelled, recovers the jobs of dead workers, and claims more. Meanwhile the pool's thread keeps the
scanning processes busy.
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
from batches.outages.watch import NetworkWatch
from batches.runner import recovery
from batches.runner.claims import Claimer, ShiftLostError
from batches.runner.flush import flush, release
from batches.scanning.messages import ClaimKey
from batches.scanning.pool import Pool
from batches.transitions import settle_cancelling
from scrapersky.web.database_errors import is_conflict
from scrapersky.web.stopping import cluster_stops

logger = logging.getLogger(__name__)

# Seconds between two rounds, with and without work.
ROUND_EVERY = 0.5
IDLE_EVERY = 1.0
# Seconds between heartbeats; each also checks that the jobs here still belong to this worker.
BEAT_EVERY = 1.0
RECOVER_EVERY = 10.0
# Seconds that running scans have to finish when the shift stops.
STOP_GRACE = 3.0
# Seconds after which a stuck step ends the process; its jobs have been recovered by then.
STUCK_AFTER = 120.0
DATABASE_PATIENCE = 120.0


def run_shift(*, linger: float | None = None) -> str:
    """Scan for this host until its cluster stops; return a sentence on how the shift ended.

    Returns at once if the host has a shift. With `linger`, ends after that many idle seconds.
    """
    if cluster_stops.value:
        return "The cluster is stopping."
    recovery.recover()
    worker = Worker.begin(host=settings.SCAN_WORKER_NAME, pid=os.getpid())
    if worker is None:
        return "This host already has a shift."
    gc.collect()
    gc.freeze()  # objects loaded so far stay; without this, the collector scans them at every flush
    try:
        return Shift(worker, linger).run()
    finally:
        faulthandler.cancel_dump_traceback_later()
        gc.unfreeze()


class Shift:
    """The state of a shift; `run` repeats `_step` until it ends."""

    def __init__(self, worker: Worker, linger: float | None = None) -> None:
        ceiling = settings.SCAN_MAX_CONCURRENT
        self.worker = worker
        self.linger = linger
        self.pool = Pool(processes=settings.SCAN_PROCESSES, ceiling=ceiling)
        self.claimer = Claimer(worker, ceiling)
        self.network = NetworkWatch(
            worker, on_down=self._release_waiting, on_up=self.pool.replace_processes
        )
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
            self.network.close()
            jobs = self.pool.close()
            logger.warning("worker=%s was silent and lost %d jobs", self.worker.pk, len(jobs))
            return "The shift missed its heartbeats, so its jobs were recovered."
        except BaseException:
            self._end()
            raise
        self._end()
        return f"{self.ended:,} jobs ended."

    def _step(self) -> None:
        """Do what is due; wait if the database is unavailable."""
        idle = monotonic() - self.busy_at > IDLE_EVERY
        self.pool.full.wait(IDLE_EVERY if idle else ROUND_EVERY)
        try:
            self._write()
            self.network.step()
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
        """Store starts and outcomes of scans; they are kept if the database is unavailable."""
        started, outcomes = self.pool.take()
        Job.objects.begin(self.worker, started)
        flush(self.worker, outcomes)
        self.pool.written(started, outcomes)
        self.network.note(outcomes)
        self.ended += len(outcomes)
        if outcomes:
            self.busy_at = monotonic()

    def _beat(self) -> None:
        """Write the heartbeat, the stages of running scans and the slots in use."""
        if not self.pool.is_alive():
            raise RuntimeError("The scanning processes failed to start, or their thread died.")
        if not self.worker.beat(stages=self.pool.stages(), slots=self.pool.slots()):
            raise ShiftLostError
        if not self.stopping_since and self._is_to_stop():
            self.stopping_since = monotonic()
            self._release_waiting()

    def _is_to_stop(self) -> bool:
        if cluster_stops.value or os.getppid() != self.parent:
            return True
        return Worker.objects.filter(pk=self.worker.pk, stop_requested=True).exists()

    def _check(self) -> None:
        """Stop jobs that were paused, cancelled or taken over; release jobs not here."""
        here = self.pool.claims()
        ids = {pk for pk, _ in here}
        states: dict[ClaimKey, str] = {}  # of the batches of jobs held here
        strays: list[UUID] = []  # cancelled after the scan ended, or the claim's response was lost
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
        """Claim jobs; release those waiting for busy servers beyond a budget."""
        release(self.worker, self.pool.take_blocked(keep=settings.SCAN_MAX_CONCURRENT))
        start_pending()
        if claim := self.claimer.claim(self.pool.loads(), self.network.claim_limit()):
            self.pool.offer(claim.jobs, claim.slots)
            if claim.jobs:
                self.network.note_claim()

    def _release_waiting(self) -> None:
        release(self.worker, self.pool.take_waiting())

    def _is_over(self) -> bool:
        waits_for_network = self.network.is_down and not self.stopping_since
        if waits_for_network or not self.pool.is_idle():
            self.busy_at = monotonic()
            return bool(self.stopping_since) and monotonic() - self.stopping_since > STOP_GRACE
        idle = monotonic() - self.busy_at
        return bool(self.stopping_since) or (self.linger is not None and idle > self.linger)

    def _end(self) -> None:
        self.network.close()
        release(self.worker, self.pool.close())
        self.worker.end()

    def _wait_for_database(self, error: Exception) -> None:
        """Continue scanning without the database; unwritten outcomes stay in the pool."""
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
    """Start pending batches; write nothing if there are none, as SQLite locks the database."""
    pending = Batch.objects.startable()
    if not pending.exists():
        return
    with transaction.atomic():
        rows = pending.select_for_update(skip_locked=True, no_key=True).order_by("pk")
        totals = dict(rows.values_list("pk", "total"))
        pending.filter(pk__in=totals).start()
    for pk, total in totals.items():
        logger.info("batch=%s starts, %d jobs", pk, total)
