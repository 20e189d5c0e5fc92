"""Read a saved list in chunks, from the position up to which it has been read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from batches.list_parsing import reader_of_saved
from batches.models import BatchList
from scans.engine.lists.collection import KEPT_REJECTIONS, MAX_SHOWN, RejectedLine
from scans.engine.lists.kept_rows import KeptRow, row_of, size_of
from scans.engine.lists.reader import Entry

# Most domains, entries of any kind, and bytes of row columns.
CHUNK = 25_000
CHUNK_ENTRIES = 100_000
CHUNK_BYTES = 16_000_000
_BLOCK = 262_144


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


def chunks_of(waiting: BatchList, file: IO[bytes]) -> Iterator[Chunk]:
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


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block
