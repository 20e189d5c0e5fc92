"""Turn the saved list of a large batch into jobs, in slices that the queue runs one after another.

The list is read and its hosts are sorted on disk; then their domains and jobs are added in the
order of hosts, because entering millions of hosts into indexes in no order takes most of the time.
Each chunk and the place it ends at are stored in one transaction, so a killed process neither loses
nor repeats any work. The batch can start once all jobs have been added.
"""

import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from batches.batch_rows import add_rows
from batches.lanes import Stopped, add_all, check_domains
from batches.large_lists import TASK, TASK_NAME
from batches.list_chunks import Chunk, chunks_of
from batches.list_parsing import row_limits
from batches.models import Batch, BatchList
from batches.queue import wake_workers
from batches.services import skipped_count
from batches.skipping import ALL_SKIPPED
from batches.sorted_hosts import Run, SortedHosts
from batches.tenant_limits import LimitReachedError, return_domains
from batches.transitions import settle_cancelling
from scans.engine.lists.collection import KEPT_REJECTIONS, MAX_ENTRIES
from scans.engine.lists.errors import UnreadableFile
from scrapersky.web.database_errors import retry_on_conflict
from scrapersky.web.read_ahead import read_ahead
from scrapersky.web.regional import grouped
from scrapersky.web.slices import Refused, SlicedWork
from scrapersky.web.stopping import may_go_on

# The position from which a list with columns is read again.
_START = {"line": 1, "line_entries": 0, "entries": 0, "rows": 0, "row_bytes": 0, "bytes_read": 0}


def build(pk: UUID, *, until: float = math.inf) -> bool:
    """Read at least one chunk of a batch's list, until a time of the monotonic clock.

    Returns whether the work has ended: read, failed, cancelled or taken over.
    """
    return WORK.run(pk, until=until)


def resume_stalled() -> int:
    """Requeue lists whose reading stalled for a minute; return how many."""
    return WORK.resume(BatchList.objects.stalled())


def _work(pk: UUID, until: float) -> bool:
    try:
        return _read_on(pk, until)
    except Stopped:
        _discard_cancelled(pk)
        return True
    except (UnreadableFile, LimitReachedError) as error:
        raise Refused(str(error)) from error
    except FileNotFoundError as error:
        text = "The uploaded list is missing. Set LIST_DIR to a folder that all hosts share."
        raise Refused(text) from error


def _read_on(pk: UUID, until: float) -> bool:
    row = BatchList.objects.select_related("batch__tenant", "batch__created_by").filter(pk=pk)
    waiting = row.first()
    if waiting is None:
        return True
    if not waiting.sorted_bytes:
        if not _read(waiting, until):
            return False
        _sort(waiting)
    if not (add_all(waiting, until) and _store_rows(waiting, until)):
        return False
    _finish(waiting)
    return True


def _read(waiting: BatchList, until: float) -> bool:
    """Read the list into sorted runs; return whether its end has been reached."""
    with waiting.path.open("rb") as file, closing(read_ahead(chunks_of(waiting, file))) as chunks:
        for chunk in chunks:
            if chunk.rows:
                waiting.batch.list_columns = chunk.names
            _take(waiting, _keep(waiting, chunk))
            if not may_go_on(until):
                return False
    return True


def _take(waiting: BatchList, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(waiting, name, value)


@retry_on_conflict
def _keep(waiting: BatchList, chunk: Chunk) -> dict[str, Any]:
    """Append a chunk to the runs, and store the position it ends at."""
    batch, runs = waiting.batch, waiting.runs
    with transaction.atomic():
        _lock(waiting)
        places = zip(chunk.hosts, count(waiting.hosts), strict=False)
        run = SortedHosts(waiting.path).add_run(places, runs[-1][1] if runs else 0)
        left = KEPT_REJECTIONS - len(waiting.rejected)
        changes = _place_after(waiting, chunk) | {
            "hosts": waiting.hosts + len(chunk.hosts),
            "rejected": waiting.rejected + [asdict(line) for line in chunk.rejected[:left]],
            "rejected_count": waiting.rejected_count + chunk.rejected_count,
            "runs": [*runs, run],
        }
        BatchList.objects.filter(pk=waiting.pk).update(**changes)
        header = {"list_columns": batch.list_columns} if chunk.rows else {}
        if not Batch.objects.filter(pk=batch.pk).add_built(0, **header):
            raise Stopped
        _check_entries(changes["entries"])
        row_limits().check(changes["rows"], changes["row_bytes"])
    return changes


def _lock(waiting: BatchList) -> None:
    """Lock a list for this transaction, unless another process has read further."""
    rows = BatchList.objects.select_for_update(of=("self",))
    place = {"entries": waiting.entries, "sorted_bytes": waiting.sorted_bytes}
    if not rows.filter(pk=waiting.pk, **place).exists():
        raise Stopped


def _place_after(waiting: BatchList, chunk: Chunk) -> dict[str, Any]:
    return {
        "line": chunk.line,
        "line_entries": chunk.line_entries,
        "entries": waiting.entries + chunk.entries,
        "rows": waiting.rows + len(chunk.rows),
        "row_bytes": waiting.row_bytes + chunk.row_bytes,
        "bytes_read": chunk.bytes_read,
        "updated_at": timezone.now(),
    }


def _check_entries(entries: int) -> None:
    if entries > MAX_ENTRIES:
        raise UnreadableFile(f"The list has more than {grouped(MAX_ENTRIES)} entries. Split it.")


def _sort(waiting: BatchList) -> None:
    """Merge the runs; from then on, the hosts become jobs."""
    runs = [Run(*run) for run in waiting.runs]
    merged = SortedHosts(waiting.path).merge(runs)
    if not waiting.skips:
        check_domains(merged.hosts)
    changes = {
        "sorted_bytes": merged.bytes,
        "middle": merged.middle,
        "second_half_end": merged.middle,
        "duplicates": waiting.duplicates + sum(run.lines for run in runs) - merged.hosts,
        "updated_at": timezone.now(),
    }
    if waiting.rows:  # they refer to their domains, which are added first
        changes |= _START
    if not BatchList.objects.filter(pk=waiting.pk, sorted_bytes=0).update(**changes):
        raise Stopped
    _take(waiting, changes)


def _store_rows(waiting: BatchList, until: float) -> bool:
    """Store the rows of a list with columns; return whether all have been stored."""
    if waiting.batch.list_columns is None:
        return True
    with waiting.path.open("rb") as file, closing(read_ahead(chunks_of(waiting, file))) as chunks:
        for chunk in chunks:
            _take(waiting, _store(waiting, chunk))
            if not may_go_on(until):
                return False
    return True


@retry_on_conflict
def _store(waiting: BatchList, chunk: Chunk) -> dict[str, Any]:
    """Store the rows of a chunk and the position it ends at."""
    with transaction.atomic():
        _lock(waiting)
        add_rows(chunk.rows, batch=waiting.batch, first_position=waiting.rows)
        changes = _place_after(waiting, chunk)
        BatchList.objects.filter(pk=waiting.pk).update(**changes)
        if not Batch.objects.filter(pk=waiting.pk).add_built(0):
            raise Stopped
    return changes


@retry_on_conflict
def _finish(waiting: BatchList) -> None:
    """Let the batch start, now that its list is complete."""
    with transaction.atomic():
        _lock(waiting)
        waiting.refresh_from_db(fields=["duplicates", "skipped"])
        row = Batch.objects.filter(pk=waiting.pk)
        if not row.filter(total__gt=0).exists():
            raise UnreadableFile(_why_none(waiting))
        metadata = row.get().metadata | rejections_of(waiting) | skipped_count(waiting.skipped)
        if not row.add_built(0, is_building=False, metadata=metadata):
            raise Stopped
        _discard(waiting)
        wake_workers()


def _why_none(waiting: BatchList) -> str:
    if waiting.skipped:
        return ALL_SKIPPED
    if not waiting.rejected_count:
        return "The list contains no domain."
    return f"None of the {grouped(waiting.rejected_count)} entries is a domain that can be scanned."


def rejections_of(waiting: BatchList) -> dict[str, Any]:
    """Return the metadata about rejected lines, in the format of `list_parsing.rejections`."""
    if not waiting.rejected_count and not waiting.duplicates:
        return {}
    return {
        "refused": waiting.rejected,
        "refused_count": waiting.rejected_count,
        "duplicates": waiting.duplicates,
    }


def _fail(pk: UUID, error: str) -> None:
    """End a batch whose list cannot be read, and cancel the jobs created so far."""
    with transaction.atomic():
        rows = BatchList.objects.select_related("batch__tenant")
        waiting = rows.filter(pk=pk).first()
        if waiting is None:
            return
        metadata = waiting.batch.metadata | rejections_of(waiting)
        Batch.objects.filter(pk=pk, is_building=True).update(metadata=metadata)
        if Batch.objects.filter(pk=pk).fail_building(error[:2_000]):
            return_domains(waiting.batch.tenant, waiting.batch.total)
        _discard(waiting)
    settle_cancelling()


def _discard_cancelled(pk: UUID) -> None:
    for waiting in BatchList.objects.filter(pk=pk, batch__is_building=False):
        with transaction.atomic():
            _discard(waiting)
    settle_cancelling()


def _discard(waiting: BatchList) -> None:
    """Delete a list now and its files after the commit."""
    BatchList.objects.filter(pk=waiting.pk).delete()
    transaction.on_commit(partial(_delete_files, waiting.path), robust=True)


def _delete_files(path: Path) -> None:
    path.unlink(missing_ok=True)
    SortedHosts(path).delete()


WORK = SlicedWork(TASK_NAME, TASK, _work, _fail)
