"""Claim jobs for a worker, in one round over all batches.

Only one round runs at a time in an installation, so that a batch's `max_concurrent` holds across
workers and no host is ever scanned twice at once.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from batches.models import Batch, Job, Worker
from batches.models.batch_queryset import BatchQuerySet
from batches.options import BatchOptions
from batches.pace import jobs_due
from batches.runner.messages import ClaimedJob
from batches.runner.tenant_slots import limited_batches, within_tenants

# Jobs held per slot, so that no slot is idle between two rounds.
AHEAD = 3
# The key of the advisory lock that a round holds.
ROUNDS = 5_226_521
BatchKey = UUID | None  # None: jobs without a batch

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


class Load(NamedTuple):
    """The jobs of a batch on a worker: executing, ready, waiting for a busy server, ended."""

    executing: int = 0
    ready: int = 0
    blocked: int = 0
    ended: int = 0

    @property
    def held(self) -> int:
        return sum(self)


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

    def claim(self, loads: Mapping[BatchKey, Load]) -> Claim | None:
        """Claim up to the budget in addition to `loads`, least recently served batches first.

        Returns None if there is nothing to claim. Raises `ShiftLostError`. Adopt the slots only
        after this returns: until then they may be rolled back.
        """
        budget = AHEAD * self.ceiling - sum(load.held for load in loads.values())
        caps = _caps(self.ceiling) if budget > 0 else {}
        due = jobs_due(budget) if caps else {}
        early = {batch for batch, count in due.items() if not count}
        caps = {batch: cap for batch, cap in caps.items() if batch not in early}
        if not caps:
            return None
        with transaction.atomic():
            _wait_for_other_rounds()
            held = _caps_of(batch for batch in loads if batch and batch not in caps)
            before, limits = self._limits(caps | held)
            claimable = {batch: limits[batch] for batch in caps}
            jobs = _load(_take(self.worker, self._share(budget, claimable, loads, due)))
            slots = _slots(limits, loads, jobs)
            self._write(slots, before, loads)
        return Claim(slots, jobs)

    def _limits(self, caps: Mapping[BatchKey, int]) -> tuple[dict[str, int], dict[BatchKey, int]]:
        """Return this worker's current slots, and its limit in each batch.

        The limit is a fair share of the batch's cap, and at most what other workers leave.
        """
        slots_of = dict(Worker.objects.live().values_list("pk", "slots"))
        before = slots_of.pop(self.worker.pk, None)
        if before is None:
            raise ShiftLostError
        in_use: Counter[str] = Counter()
        for slots in slots_of.values():
            in_use.update(slots)
        limits: dict[BatchKey, int] = {}
        for batch, cap in caps.items():
            share = cap if batch is None else math.ceil(cap / (1 + len(slots_of)))
            limits[batch] = max(0, min(share, cap - in_use[str(batch)], self.ceiling))
        return before, within_tenants(limits, before, in_use, limited_batches())

    def _share(
        self,
        budget: int,
        limits: Mapping[BatchKey, int],
        loads: Mapping[BatchKey, Load],
        due: Mapping[UUID, int],
    ) -> dict[BatchKey, int]:
        """Return how many jobs each batch may get, dealt in turn until the budget is spent.

        `due` limits the batches that are spread over hours.
        """
        self._served = {batch: self._served.get(batch, 0) for batch in limits}
        self._round += 1
        room = self.ceiling - sum(load.blocked for load in loads.values())
        demand: dict[BatchKey, int] = {}
        for batch in sorted(limits, key=self._served.__getitem__):
            load = loads.get(batch, Load())
            most = AHEAD * limits[batch] - load.held
            if batch and batch in due:
                most = min(most, due[batch])
            # jobs waiting for a busy server must not use up the budget
            demand[batch] = min(most, room) if load.blocked else most
        shares: Counter[BatchKey] = Counter()
        while budget and (hungry := [b for b, most in demand.items() if shares[b] < most]):
            shares.update(hungry[:budget])
            budget -= min(budget, len(hungry))
        self._served.update(dict.fromkeys(shares, self._round))
        return dict(shares)

    def _write(
        self, slots: dict[BatchKey, int], before: dict[str, int], loads: Mapping[BatchKey, Load]
    ) -> None:
        """Write the slots; lowered ones are kept until the pool has adopted them."""
        row = {str(batch): count for batch, count in slots.items() if batch}
        for key in (str(batch) for batch in loads if batch):
            row[key] = max(row.get(key, 0), before.get(key, 0))
        if row != before and not self.worker.beat(slots=row):
            raise ShiftLostError


def _wait_for_other_rounds() -> None:
    """Allow one round at a time; SQLite's transactions are IMMEDIATE and need no lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROUNDS])


def _caps(ceiling: int) -> dict[BatchKey, int]:
    """Return the batches with claimable jobs, oldest first, and their `max_concurrent`."""
    waiting = Job.objects.claimable()
    in_batch = Exists(waiting.filter(batch=OuterRef("pk")))
    rows = Batch.objects.claimable().filter(in_batch).order_by("created_at")
    caps: dict[BatchKey, int] = {}
    if waiting.filter(batch__isnull=True).exists():
        caps[None] = ceiling
    return caps | _read_caps(rows)


def _caps_of(ids: Iterable[UUID]) -> dict[BatchKey, int]:
    """Return the `max_concurrent` of batches; those that have no more jobs to claim keep it."""
    pks = list(ids)
    return _read_caps(Batch.objects.filter(pk__in=pks)) if pks else {}


def _read_caps(batches: BatchQuerySet) -> dict[BatchKey, int]:
    default = BatchOptions().max_concurrent
    # Reads only this option: parsing all options of a thousand batches takes ten times as long.
    rows = batches.values_list("pk", "options__max_concurrent")
    return {pk: cap or default for pk, cap in rows}


def _slots(
    limits: Mapping[BatchKey, int], loads: Mapping[BatchKey, Load], claimed: list[ClaimedJob]
) -> dict[BatchKey, int]:
    """Return the slots of each batch: its limit, but at most its jobs here."""
    held = Counter({batch: load.held for batch, load in loads.items()})
    held.update(job.batch_id for job in claimed)
    return {batch: min(limits.get(batch, count), count) for batch, count in held.items()}


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
