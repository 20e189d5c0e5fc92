"""Claim jobs for a worker, in one round over all batches.

Only one round runs at a time in an installation, so that a batch's `max_concurrent` holds across
workers and no host is ever scanned twice at once.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from batches.models import Batch, Job, Worker
from batches.options import BatchOptions
from batches.pace import jobs_due
from batches.runner.shares import Batches, RoundBatch, Slots, deal, slot_limits
from batches.scanning.messages import BatchKey, ClaimedJob, Load

# Jobs held per slot, so that no slot is idle between two rounds.
AHEAD = 3
# The key of the advisory lock that a round holds.
ROUNDS = 5_226_521
DEFAULT_CAP = BatchOptions().max_concurrent
# Columns that a `ClaimedJob` copies from its row.
JOB_COLUMNS = ("id", "claim_no", "attempts", "tenant_id", "batch_id", "domain_id", "job_type")

# `held` is materialised: checking each job separately makes a round five times slower, and seventy
# times if the jobs of many batches wait for hosts. If two batches want the same host, the one whose
# turn comes first gets it.
CLAIM = """
WITH held AS MATERIALIZED (
    SELECT DISTINCT host FROM batches_job WHERE worker_id IS NOT NULL
), share AS (
    SELECT * FROM unnest(%(batches)s::uuid[], %(counts)s::int[])
    WITH ORDINALITY AS s(batch_id, jobs, turn)
), waiting AS (
    SELECT j.id, j.host, j.position, s.turn FROM share s CROSS JOIN LATERAL (
        SELECT id, host, position FROM batches_job
        WHERE batch_id = s.batch_id AND status = 'pending' AND worker_id IS NULL
            AND host NOT IN (SELECT host FROM held)
        ORDER BY position LIMIT s.jobs FOR NO KEY UPDATE SKIP LOCKED
    ) AS j
    UNION ALL
    SELECT * FROM (
        SELECT id, host, position, 0 FROM batches_job
        WHERE batch_id IS NULL AND status = 'pending' AND worker_id IS NULL
            AND host NOT IN (SELECT host FROM held)
        ORDER BY id LIMIT %(single)s FOR NO KEY UPDATE SKIP LOCKED
    ) AS j
), chosen AS (
    SELECT DISTINCT ON (host) id FROM waiting ORDER BY host, turn, position
)
UPDATE batches_job j SET worker_id = %(worker)s, claim_no = claim_no + 1, updated_at = now()
FROM chosen WHERE j.id = chosen.id RETURNING j.id"""


class ShiftLostError(Exception):
    """The worker was silent too long: others have its jobs, and it must not write them."""


class Claim(NamedTuple):
    """The worker's new slots in each batch, and the jobs it just claimed."""

    slots: dict[BatchKey, int]
    jobs: list[ClaimedJob]


class Claimer:
    """Claim jobs for one worker, up to `AHEAD` jobs for each of its slots."""

    def __init__(self, worker: Worker, ceiling: int) -> None:
        self.worker = worker
        self.ceiling = ceiling
        self._round = 0
        # Batch -> the round in which it was last served.
        self._served: dict[BatchKey, int] = {}

    def claim(self, loads: Mapping[BatchKey, Load], limit: int | None = None) -> Claim | None:
        """Claim up to the budget in addition to `loads`, least recently served batches first.

        Claims at most `limit` jobs. Returns None if there is nothing to claim. Raises
        `ShiftLostError`. Adopt the slots only after this returns: until then they may be rolled
        back.
        """
        budget = AHEAD * self.ceiling - sum(load.held for load in loads.values())
        budget = budget if limit is None else min(budget, limit)
        if budget <= 0:
            return None
        batches = _read_batches(loads, self.ceiling)
        claimable = _claimable(batches, budget)
        if not claimable:
            return None
        with transaction.atomic():
            _wait_for_other_rounds()
            if any(row.max_sites is not None for row in batches.values()):
                # Another round may meanwhile have given slots of a tenant to its new batch.
                batches = _read_batches(loads, self.ceiling)
                claimable = _claimable(batches, budget)
            slots, workers = self._slots_in_use()
            limits = slot_limits(
                batches, {*claimable, *loads}, slots, workers=workers, ceiling=self.ceiling
            )
            jobs = _load(_take(self.worker, self._shares(budget, claimable, limits, loads)))
            taken = _slots(limits, loads, jobs)
            self._write(taken, slots.here, loads)
        return Claim(taken, jobs)

    def _slots_in_use(self) -> tuple[Slots, int]:
        """Return the slots in use, and the number of workers."""
        rows = dict(Worker.objects.live().values_list("pk", "slots"))
        if self.worker.pk not in rows:
            raise ShiftLostError
        slots: dict[UUID, dict[BatchKey, int]] = {
            pk: {UUID(key): count for key, count in row.items()} for pk, row in rows.items()
        }
        here = slots.pop(self.worker.pk)
        elsewhere: Counter[BatchKey] = Counter()
        for row in slots.values():
            elsewhere.update(row)
        return Slots(here, elsewhere), len(rows)

    def _shares(
        self,
        budget: int,
        claimable: Mapping[BatchKey, int],
        limits: Mapping[BatchKey, int],
        loads: Mapping[BatchKey, Load],
    ) -> dict[BatchKey, int]:
        """Return how many jobs each batch gets, dealt in turn until the budget is spent."""
        self._served = {batch: self._served.get(batch, 0) for batch in claimable}
        self._round += 1
        # Jobs that wait for a busy server must not use up the budget.
        room = self.ceiling - sum(load.blocked for load in loads.values())
        wanted: dict[BatchKey, int] = {}
        for batch in sorted(claimable, key=self._served.__getitem__):
            load = loads.get(batch, Load())
            most = min(AHEAD * limits[batch] - load.held, claimable[batch])
            wanted[batch] = min(most, room) if load.blocked else most
        shares = deal(budget, wanted)
        self._served.update(dict.fromkeys(shares, self._round))
        return shares

    def _write(
        self,
        slots: Mapping[BatchKey, int],
        before: Mapping[BatchKey, int],
        loads: Mapping[BatchKey, Load],
    ) -> None:
        """Write the slots; lowered ones are kept until the pool has adopted them."""
        row = {batch: count for batch, count in slots.items() if batch}
        for batch in filter(None, loads):
            row[batch] = max(row.get(batch, 0), before.get(batch, 0))
        texts = {str(batch): count for batch, count in row.items()}
        if row != before and not self.worker.beat(slots=texts):
            raise ShiftLostError


def _wait_for_other_rounds() -> None:
    """Allow one round at a time; SQLite's transactions are IMMEDIATE and need no lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROUNDS])


def _read_batches(loads: Mapping[BatchKey, Load], ceiling: int) -> Batches:
    """Return running batches, those in `loads`, and those of tenants with a limit; oldest first.

    Of their options only two are read: parsing all of a thousand batches takes ten times as long.
    """
    claimable = Job.objects.claimable()
    batches: dict[BatchKey, RoundBatch] = {
        None: RoundBatch(ceiling, has_claimable=claimable.filter(batch__isnull=True).exists())
    }
    is_running = Q(status=Batch.Status.RUNNING)
    held, limited = Q(pk__in=[*filter(None, loads)]), Q(tenant__max_sites__isnull=False)
    rows = Batch.objects.unfinished().filter(is_running | held | limited).order_by("created_at")
    waits = is_running & Exists(claimable.filter(batch=OuterRef("pk")))
    options = ("options__max_concurrent", "options__spread_hours")
    for pk, cap, hours, *others in rows.values_list(
        "pk", *options, "tenant", "tenant__max_sites", waits
    ):
        batches[pk] = RoundBatch(cap or DEFAULT_CAP, bool(hours), *others)
    return batches


def _claimable(batches: Batches, budget: int) -> dict[BatchKey, int]:
    """Return how many jobs of each batch may be claimed: any, or those that are due by now."""
    rows = {batch: row for batch, row in batches.items() if row.has_claimable}
    due = jobs_due([batch for batch, row in rows.items() if batch and row.is_spread], budget)
    counts = {batch: budget for batch, row in rows.items() if not row.is_spread}
    return counts | {batch: count for batch, count in due.items() if count}


def _slots(
    limits: Mapping[BatchKey, int], loads: Mapping[BatchKey, Load], claimed: list[ClaimedJob]
) -> dict[BatchKey, int]:
    """Return the slots of each batch: its limit, but at most its jobs here."""
    held = Counter({batch: load.held for batch, load in loads.items()})
    held.update(job.batch_id for job in claimed)
    return {batch: min(limits.get(batch, 0), count) for batch, count in held.items()}


def _take(worker: Worker, shares: Mapping[BatchKey, int]) -> list[UUID]:
    """Assign jobs to the worker under new claims; return their ids."""
    if not shares:
        return []
    if connection.vendor != "postgresql":
        return _take_one_by_one(worker, shares)
    counts = {batch: count for batch, count in shares.items() if batch}
    params: dict[str, Any] = {"batches": list(counts), "counts": list(counts.values())}
    params |= {"single": shares.get(None, 0), "worker": worker.pk}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, params)
        return [pk for (pk,) in cursor.fetchall()]


def _take_one_by_one(worker: Worker, shares: Mapping[BatchKey, int]) -> list[UUID]:
    """Claim as `CLAIM` does, for SQLite, which has no LATERAL."""
    held = Job.objects.filter(worker__isnull=False).values("host")
    waiting = Job.objects.claimable().exclude(host__in=held).order_by("position", "pk")
    by_host: dict[str, UUID] = {}
    for batch, count in shares.items():
        for host, pk in waiting.filter(batch=batch)[:count].values_list("host", "pk"):
            by_host.setdefault(host, pk)
    ids = list(by_host.values())
    Job.objects.filter(pk__in=ids).update(
        worker=worker, claim_no=F("claim_no") + 1, updated_at=Now()
    )
    return ids


def _load(ids: list[UUID]) -> list[ClaimedJob]:
    rows = Job.objects.filter(pk__in=ids, domain__isnull=False).order_by("position", "pk")
    jobs = list(rows.values(*JOB_COLUMNS, "options", name=F("domain__host")))
    batches = Batch.objects.filter(pk__in={job["batch_id"] for job in jobs if job["batch_id"]})
    options = dict(batches.values_list("pk", "options"))
    for job in jobs:
        job["host"] = job.pop("name")  # of the domain; the job's own is without www.
        own = job["options"] or options.get(job["batch_id"], {})
        job["options"] = BatchOptions.stored(own)
    return [ClaimedJob(**job) for job in jobs]
