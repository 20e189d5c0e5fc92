"""Turn the saved list of a large batch into jobs, in slices that the queue runs one after another.

Each chunk adds its domains, its jobs and the position it ends at in one transaction, so a killed
process neither loses nor repeats any work. The batch can start once the list has been read.
"""

import math
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from batches.batch_rows import add_rows
from batches.large_lists import TASK, TASK_NAME
from batches.list_parsing import reader_of_saved, row_limits
from batches.models import Batch, BatchList
from batches.queue import wake_workers
from batches.services import add_domains_in_parts, add_jobs, skipped_count
from batches.skipping import ALL_SKIPPED, not_skipped
from batches.tenant_limits import LimitReachedError, return_domains
from batches.transitions import settle_cancelling
from scans.engine.lists.collection import KEPT_REJECTIONS, MAX_ENTRIES, MAX_SHOWN, RejectedLine
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.kept_rows import KeptRow, row_of, size_of
from scans.engine.lists.reader import Entry
from scans.services import Domains
from scrapersky.tenants.models import Tenant
from scrapersky.web.database_errors import retry_on_conflict
from scrapersky.web.read_ahead import read_ahead
from scrapersky.web.regional import grouped
from scrapersky.web.slices import Refused, SlicedWork
from scrapersky.web.stopping import may_go_on

# Domains per transaction, and entries of any kind per transaction. The more domains are sorted at
# once, the fewer pages of the indexes by host each of them touches.
CHUNK = 25_000
CHUNK_ENTRIES = 100_000
# Bytes of row columns per transaction.
CHUNK_BYTES = 16_000_000
_BLOCK = 262_144


class _Stopped(Exception):  # noqa: N818 (an outcome, not a fault)
    """The batch was cancelled, or another process reads its list."""


@dataclass(slots=True)
class Chunk:
    """A part of a list, and the position it ends at."""

    line: int
    line_entries: int
    entries: int = 0
    hosts: list[str] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)
    rejected_count: int = 0
    rows: list[KeptRow] = field(default_factory=list)
    row_bytes: int = 0
    # Once it is full: the columns of the list so far, and the bytes of the file.
    names: list[str] = field(default_factory=list)
    bytes_read: int = 0
    # Those of its hosts, if they were inserted ahead.
    domains: Domains | None = None

    @property
    def is_full(self) -> bool:
        is_long = len(self.hosts) >= CHUNK or self.entries >= CHUNK_ENTRIES
        return is_long or self.row_bytes >= CHUNK_BYTES

    def add(self, entry: Entry) -> None:
        self.line_entries = self.line_entries + 1 if entry.line == self.line else 1
        self.line = entry.line
        self.entries += 1
        if entry.host:
            self.hosts.append(entry.host)
        elif entry.reason:
            self.rejected_count += 1
            if len(self.rejected) < KEPT_REJECTIONS:
                cut = entry.text[:MAX_SHOWN]
                self.rejected.append(RejectedLine(entry.line, cut, entry.reason))

    def keep(self, entry: Entry) -> None:
        """Keep the row that an entry belongs to, with all of its columns."""
        if entry.starts_row and len(entry.values) > 1:
            self.rows.append(row_of(entry))
            self.row_bytes += size_of(entry.values)


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
    except _Stopped:
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
    with waiting.path.open("rb") as file, closing(_chunks_ahead(waiting, file)) as chunks:
        for chunk in chunks:
            if chunk.rows:
                waiting.batch.list_columns = chunk.names
            _add(waiting, chunk)
            if not may_go_on(until):
                return False
    _finish(waiting)
    return True


def _chunks_ahead(waiting: BatchList, file: IO[bytes]) -> Generator[Chunk, None, None]:
    """Yield chunks that a thread reads, on PostgreSQL with their domains.

    The thread has its own connection, so two processes of PostgreSQL share the work. Another
    connection would not see what a surrounding transaction has written.
    """
    chunks = _chunks(waiting, file)
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        chunks = _with_domains(chunks, waiting.batch.tenant)
    return read_ahead(chunks)


def _with_domains(chunks: Iterable[Chunk], tenant: Tenant) -> Generator[Chunk, None, None]:
    try:
        for chunk in chunks:
            chunk.domains = _add_domains(tenant, {*chunk.hosts})
            yield chunk
    finally:
        connection.close()


@retry_on_conflict
def _add_domains(tenant: Tenant, hosts: set[str]) -> Domains:
    with transaction.atomic():
        return add_domains_in_parts(tenant=tenant, hosts=hosts)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _chunks(waiting: BatchList, file: IO[bytes]) -> Iterator[Chunk]:
    """Yield chunks of the entries after the position of a list."""
    line, done = waiting.line, waiting.line_entries
    reader = reader_of_saved(waiting, _blocks(file))
    keeps_rows = waiting.batch.scan_options.keep_columns
    chunk = Chunk(line, done)
    for entry in reader:
        if done and entry.line == line:
            done -= 1
            continue
        chunk.add(entry)
        if keeps_rows:
            chunk.keep(entry)
        if chunk.is_full:
            chunk.names, chunk.bytes_read = list(reader.names), file.tell()
            yield chunk
            chunk = Chunk(chunk.line, chunk.line_entries)
    if chunk.entries:
        chunk.names, chunk.bytes_read = list(reader.names), file.tell()
        yield chunk


def _add(waiting: BatchList, chunk: Chunk) -> None:
    """Add a chunk, and the position it ends at, in one transaction."""
    changes = _add_jobs_of(waiting, chunk)
    for name, value in changes.items():
        setattr(waiting, name, value)


@retry_on_conflict
def _add_jobs_of(waiting: BatchList, chunk: Chunk) -> dict[str, Any]:
    batch, hosts = waiting.batch, list(dict.fromkeys(chunk.hosts))
    # If one of them is deleted meanwhile, the next attempt inserts it again.
    domains, chunk.domains = chunk.domains, None
    with transaction.atomic():
        _lock(waiting)
        kept = not_skipped(hosts, tenant=batch.tenant, skips=waiting.skips, now=batch.created_at)
        skipped = len(hosts) - len(kept)
        added = add_jobs(
            kept,
            batch=batch,
            tenant=batch.tenant,
            created_by=batch.created_by,
            first_position=waiting.hosts,
            domains=domains,
        )
        add_rows(chunk.rows, batch=batch, first_position=waiting.rows)
        changes = _place_after(waiting, chunk) | {
            "hosts": waiting.hosts + len(hosts),
            "duplicates": waiting.duplicates + len(chunk.hosts) - skipped - added,
            "skipped": waiting.skipped + skipped,
            "rows": waiting.rows + len(chunk.rows),
            "row_bytes": waiting.row_bytes + chunk.row_bytes,
            "bytes_read": chunk.bytes_read,
            "updated_at": timezone.now(),
        }
        BatchList.objects.filter(pk=waiting.pk).update(**changes)
        header = {"list_columns": batch.list_columns} if chunk.rows else {}
        if not Batch.objects.filter(pk=batch.pk).add_built(added, **header):
            raise _Stopped
        _check_limits(batch.pk, changes["entries"])
        row_limits().check(changes["rows"], changes["row_bytes"])
    return changes


def _lock(waiting: BatchList) -> None:
    """Lock a list for this transaction, unless another process has read further."""
    rows = BatchList.objects.select_for_update(of=("self",))
    if not rows.filter(pk=waiting.pk, entries=waiting.entries).exists():
        raise _Stopped


def _place_after(waiting: BatchList, chunk: Chunk) -> dict[str, Any]:
    kept = KEPT_REJECTIONS - len(waiting.rejected)
    return {
        "line": chunk.line,
        "line_entries": chunk.line_entries,
        "entries": waiting.entries + chunk.entries,
        "rejected": waiting.rejected + [asdict(line) for line in chunk.rejected[:kept]],
        "rejected_count": waiting.rejected_count + chunk.rejected_count,
    }


def _check_limits(pk: UUID, entries: int) -> None:
    most = settings.MAX_DOMAINS_PER_BATCH
    if Batch.objects.filter(pk=pk, total__gt=most).exists():
        raise UnreadableFile(f"The list has more than {grouped(most)} domains. Split it.")
    if entries > MAX_ENTRIES:
        raise UnreadableFile(f"The list has more than {grouped(MAX_ENTRIES)} entries. Split it.")


@retry_on_conflict
def _finish(waiting: BatchList) -> None:
    """Let the batch start, now that its list is complete."""
    with transaction.atomic():
        _lock(waiting)
        row = Batch.objects.filter(pk=waiting.pk)
        if not row.filter(total__gt=0).exists():
            raise UnreadableFile(_why_none(waiting))
        metadata = row.get().metadata | rejections_of(waiting) | skipped_count(waiting.skipped)
        if not row.add_built(0, is_building=False, metadata=metadata):
            raise _Stopped
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
    """Delete a list now and its file after the commit."""
    path = waiting.path
    BatchList.objects.filter(pk=waiting.pk).delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True), robust=True)


WORK = SlicedWork(TASK_NAME, TASK, _work, _fail)
