"""Decide how many slots and jobs of each batch a worker gets: arithmetic without a database."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from batches.scanning.messages import BatchKey


class RoundBatch(NamedTuple):
    """A batch in a round: its own limit of sites at once, its tenant's, and its waiting jobs."""

    max_concurrent: int
    is_spread: bool = False
    tenant: UUID | None = None
    max_sites: int | None = None
    has_claimable: bool = False


class Slots(NamedTuple):
    """The slots in use in each batch, by this worker and by the others."""

    here: Mapping[BatchKey, int]
    elsewhere: Mapping[BatchKey, int]

    def count(self, batch: BatchKey) -> int:
        return self.here.get(batch, 0) + self.elsewhere.get(batch, 0)


Batches = Mapping[BatchKey, RoundBatch]


def slot_limits(
    batches: Batches, of: Iterable[BatchKey], slots: Slots, *, workers: int, ceiling: int
) -> dict[BatchKey, int]:
    """Return a worker's limit of slots in some of the batches.

    It is a fair share of the batch's cap, and at most what other workers leave of it.
    """
    limits: dict[BatchKey, int] = {}
    for batch in (batch for batch in of if batch in batches):
        cap = batches[batch].max_concurrent
        share = cap if batch is None else math.ceil(cap / workers)
        limits[batch] = max(0, min(share, cap - slots.elsewhere.get(batch, 0), ceiling))
    return within_tenants(limits, batches, slots)


def within_tenants(
    limits: Mapping[BatchKey, int], batches: Batches, slots: Slots
) -> dict[BatchKey, int]:
    """Lower limits, so that no tenant's batches have more slots than its `max_sites`.

    `batches` contains all unfinished ones of tenants with a limit. Each batch keeps or gets a fair
    share, but never slots that other batches still use.
    """
    by_tenant: dict[UUID | None, list[BatchKey]] = defaultdict(list)
    for batch, row in batches.items():
        if row.max_sites is not None and (batch in limits or slots.count(batch)):
            by_tenant[row.tenant].append(batch)
    lowered = dict(limits)
    for sharing in by_tenant.values():
        max_sites = batches[sharing[0]].max_sites or 0
        free = max(max_sites - sum(map(slots.count, sharing)), 0)
        fair = math.ceil(max_sites / len(sharing))
        for batch in (batch for batch in sharing if batch in limits):
            mine = slots.here.get(batch, 0)
            target = min(limits[batch], max(fair - slots.elsewhere.get(batch, 0), 0))
            grant = min(max(target - mine, 0), free)
            free -= grant
            lowered[batch] = min(target, mine + grant)
    return lowered


def deal(budget: int, wanted: Mapping[BatchKey, int]) -> dict[BatchKey, int]:
    """Deal a budget of jobs to batches in turn, one each, up to what each wants."""
    shares: Counter[BatchKey] = Counter()
    while budget > 0 and (hungry := [b for b, most in wanted.items() if shares[b] < most]):
        shares.update(hungry[:budget])
        budget -= len(hungry)
    return dict(shares)
