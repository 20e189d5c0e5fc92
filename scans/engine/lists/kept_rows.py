"""Buffer the rows of a table, with all columns, until its batch is created."""

import gzip
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from scans.engine.lists.errors import ListTooLong, UnreadableFile

# Maximum bytes of compressed rows held in memory; more go to a temporary file.
_IN_MEMORY = 4_000_000


class TooManyColumns(UnreadableFile):
    """More rows or bytes than a batch may store, with a message for the user."""


class KeptRow(NamedTuple):
    """A row of a table: its cells, and its host or the reason why it has none."""

    line: int
    values: tuple[str, ...]
    kinds: str = ""
    host: str = ""
    reason: str = ""


class RowEntry(Protocol):
    """The protocol of `scans.engine.lists.reader.Entry`."""

    @property
    def line(self) -> int: ...
    @property
    def values(self) -> tuple[str, ...]: ...
    @property
    def kinds(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def reason(self) -> str: ...


class RowLimits(NamedTuple):
    """The maximum rows of a batch, and the maximum total bytes of their cells."""

    rows: int
    bytes: int

    def check(self, rows: int, size: int) -> None:
        """Raise TooManyColumns above a limit."""
        excess = f"more than {self.rows:,} rows" if rows > self.rows else ""
        if size > self.bytes:
            excess = f"more than {self.bytes:,} bytes in its columns"
        if excess:
            raise TooManyColumns(
                f"The list has {excess}, which is more than is stored with a batch. Split it,"
                " remove columns, or switch off “Keep columns”."
            )


def row_of(entry: RowEntry) -> KeptRow:
    """Return the row that an entry starts."""
    return KeptRow(entry.line, entry.values, entry.kinds, entry.host, entry.reason)


def size_of(values: Sequence[str]) -> int:
    """Return the size of a row: the bytes of its cells, plus one per cell."""
    return len("".join(values).encode("utf-8", "replace")) + len(values)


class KeptRows:
    """The rows of a table in order, compressed; they can be read several times.

    `names` are the column names, known once the list has been read. `add` raises TooManyColumns at
    a limit, and ListTooLong beyond `at_once` bytes. With `only_counts`, rows are only counted.
    """

    def __init__(self, limits: RowLimits, at_once: int, *, only_counts: bool = False) -> None:
        self.names: list[str] = []
        self.only_counts = only_counts
        # The hosts of rejected lines that were corrected, by line.
        self.corrections: dict[int, str] = {}
        self._limits = limits
        self._at_once = at_once
        self.clear()

    def clear(self) -> None:
        """Forget all rows."""
        self.count = self.size = 0
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._writer: gzip.GzipFile | None = None

    def add(self, entry: RowEntry) -> None:
        """Keep the row that an entry starts; a table with one column has nothing to keep."""
        if len(entry.values) < 2:
            return
        self.count += 1
        self.size += size_of(entry.values)
        self._limits.check(self.count, self.size)
        if self.size > self._at_once:
            raise ListTooLong(f"The list has more than {self._at_once:,} bytes. Split it.")
        if self.only_counts:
            return
        if self._writer is None:
            self._writer = gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=1)
        self._writer.write(json.dumps(row_of(entry)).encode() + b"\n")

    def __iter__(self) -> Iterator[KeptRow]:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._file.seek(0)
        with gzip.GzipFile(fileobj=self._file, mode="rb") as packed:
            for text in io.BufferedReader(packed):
                line, values, kinds, host, reason = json.loads(text)
                if reason and line in self.corrections:
                    host, reason = self.corrections[line], ""
                yield KeptRow(line, tuple(values), kinds, host, reason)
