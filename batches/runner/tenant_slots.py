"""Keep the sites that a tenant scans at once within its limit, across its batches and workers."""

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from batches.models import Batch


class LimitedBatch(NamedTuple):
    """An unfinished batch of a tenant that has a limit of sites at once."""

    batch: UUID
    tenant: UUID
    max_sites: int


def limited_batches() -> list[LimitedBatch]:
    """Return the unfinished batches of all tenants with a limit, the oldest first."""
    rows = Batch.objects.unfinished().filter(tenant__max_sites__isnull=False)
    columns = ("pk", "tenant", "tenant__max_sites")
    return [LimitedBatch(*row) for row in rows.order_by("created_at").values_list(*columns)]


def within_tenants(
    limits: Mapping[UUID | None, int],
    here: Mapping[str, int],
    elsewhere: Mapping[str, int],
    batches: list[LimitedBatch],
) -> dict[UUID | None, int]:
    """Lower a worker's limits, so that no tenant's batches have more slots than `max_sites`.

    `here` and `elsewhere` are the slots in use, on this worker and on others. Each batch keeps or
    gets a fair share, but never slots that other batches of the tenant still use.
    """
    by_tenant: dict[UUID, list[LimitedBatch]] = defaultdict(list)
    for row in batches:
        by_tenant[row.tenant].append(row)
    lowered = dict(limits)
    for rows in by_tenant.values():
        keys = {row.batch: str(row.batch) for row in rows}
        used = {b: here.get(key, 0) + elsewhere.get(key, 0) for b, key in keys.items()}
        sharing = [b for b in keys if b in limits or used[b]]
        free = max(rows[0].max_sites - sum(used.values()), 0)
        fair = math.ceil(rows[0].max_sites / max(len(sharing), 1))
        for b in (b for b in keys if b in limits):
            target = min(limits[b], max(fair - elsewhere.get(keys[b], 0), 0))
            mine = here.get(keys[b], 0)
            grant = min(max(target - mine, 0), free)
            free -= grant
            lowered[b] = min(target, mine + grant)
    return lowered
