"""Sort the hosts of a list on disk, so that millions of them take no memory.

Parts of the list, each sorted, are appended to a file of runs beside it. They are merged into a
file of all hosts, each once, with the position of its first entry: `host TAB position LF` in the
order of bytes, which is that of the index by host.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

# Digits of a position, so that the first one of a host sorts first.
_DIGITS = 10
_LINES_AT_ONCE = 10_000


class Run(NamedTuple):
    """A sorted part: its number of lines, and the byte of the file at which it ends."""

    lines: int
    end: int


class Merged(NamedTuple):
    """The merged file: its hosts, its bytes, and the start of the line at its middle."""

    hosts: int
    bytes: int
    middle: int


class SortedHost(NamedTuple):
    """A host, the position of its first entry, and the byte at which its line ends."""

    host: str
    position: int
    end: int


class SortedHosts:
    """The sorted files of a saved list."""

    def __init__(self, saved: Path) -> None:
        self._runs = saved.with_name(f"{saved.name}.runs")
        self._merged = saved.with_name(f"{saved.name}.hosts")

    def add_run(self, places: Iterable[tuple[str, int]], start: int) -> Run:
        """Append hosts and their positions at a byte; what a killed process left is overwritten."""
        lines = sorted(f"{host}\t{position:0{_DIGITS}}\n" for host, position in places)
        with self._runs.open("r+b" if start else "wb") as file:
            file.truncate(start)
            file.seek(start)
            file.write("".join(lines).encode())
            _sync(file)
            return Run(len(lines), file.tell())

    def merge(self, runs: Sequence[Run]) -> Merged:
        """Merge the runs, and keep the first position of each host."""
        coming = self._merged.with_name(f"{self._merged.name}-{os.getpid()}")
        with ExitStack() as files, coming.open("wb") as merged:
            parts = []
            for start, run in zip([0, *(run.end for run in runs)], runs, strict=False):
                file = files.enter_context(self._runs.open("rb"))
                file.seek(start)
                parts.append(islice(file, run.lines))
            hosts = _write(_first_of_each(merge(*parts)), merged)
            size = merged.tell()
        coming.replace(self._merged)  # another process may be reading the same one
        return Merged(hosts, size, self._line_at(size // 2))

    def read(self, start: int, end: int) -> Iterator[SortedHost]:
        """Yield the hosts between two bytes of the merged file."""
        with self._merged.open("rb") as file:
            file.seek(start)
            while start < end:
                line = file.readline()
                if not line:
                    raise EOFError("The sorted list ends early.")
                start += len(line)
                host, _, position = line.decode().partition("\t")
                yield SortedHost(host, int(position), start)

    def delete(self) -> None:
        """Delete the files."""
        for path in (self._runs, self._merged):
            path.unlink(missing_ok=True)

    def _line_at(self, byte: int) -> int:
        """Return the start of the first line after a byte, or 0 for the first line."""
        with self._merged.open("rb") as file:
            file.seek(byte)
            if byte:
                file.readline()
            return file.tell()


def _first_of_each(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the first of the sorted lines of each host."""
    last = b""
    for line in lines:
        host = line[: -_DIGITS - 1]
        if host != last:
            yield line
            last = host


def _write(lines: Iterator[bytes], file: IO[bytes]) -> int:
    """Write lines to a file and the disk; return how many."""
    number = 0
    while some := list(islice(lines, _LINES_AT_ONCE)):
        number += len(some)
        file.writelines(some)
    _sync(file)
    return number


def _sync(file: IO[bytes]) -> None:
    """Write a file to the disk before the database says that it is complete."""
    file.flush()
    os.fsync(file.fileno())
