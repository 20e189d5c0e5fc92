"""Store the lines of a batch's list with all of their columns."""

from collections.abc import Iterable
from itertools import islice
from typing import Any
from uuid import UUID

from batches.models import Batch, BatchRow
from scans import storage
from scans.engine.lists.kept_rows import KeptRow
from scans.models import Domain

ROWS_AT_ONCE = 5_000
COLUMNS = ("position", "line", "values", "kinds", "domain_id", "reason")


def add_rows(rows: Iterable[KeptRow], *, batch: Batch, first_position: int = 0) -> None:
    """Store rows of a list in order, in the caller's transaction.

    Their domains must already exist.
    """
    remaining = iter(rows)
    position = first_position
    while part := list(islice(remaining, ROWS_AT_ONCE)):
        ids = _ids_of({row.host for row in part if row.host}, batch.tenant_id)
        storage.upsert(
            BatchRow,
            COLUMNS,
            [_columns(row, index, ids) for index, row in enumerate(part, start=position)],
            key=["batch_id", "position"],
            constants={"batch_id": batch.pk},
        )
        position += len(part)


def _columns(row: KeptRow, position: int, ids: dict[str, UUID]) -> tuple[Any, ...]:
    return position, row.line, list(row.values), row.kinds, ids.get(row.host), row.reason


def _ids_of(hosts: set[str], tenant_id: UUID) -> dict[str, UUID]:
    rows = Domain.objects.filter(tenant=tenant_id, host__in=storage.among(sorted(hosts)))
    return dict(rows.values_list("host", "pk"))


def delete_some_rows(batch_id: UUID, most: int) -> int:
    """Delete the first rows of a batch's list; return how many."""
    rows = BatchRow.objects.filter(batch=batch_id)
    last = rows.order_by("position").values_list("position", flat=True)[most - 1 : most].first()
    some = rows if last is None else rows.filter(position__lte=last)
    return some.delete()[0]
