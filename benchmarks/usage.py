"""CPU time and memory of a process and its descendants (Linux, from /proc)."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

EVERY = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> Iterator[int]:
    """Yield a process and its descendants."""
    yield pid
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(tasks).split():
            yield from tree(int(child))


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process tree, including ended children."""
    return sum(_ticks(member) for member in tree(pid)) / _TICKS


def _ticks(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15])  # utime stime cutime cstime, see proc(5)


def memory(pid: int) -> int:
    """Return the memory of a process tree in bytes, counting shared memory once."""
    return sum(_share(member) for member in tree(pid))


def _share(pid: int) -> int:
    for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process has ended, or there is no /proc
        return ""


class PeakMemory:
    """Watches the memory of process trees in a thread, and records the peak."""

    def __init__(self) -> None:
        self.bytes = 0
        self._pids: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def watch(self, pids: list[int]) -> None:
        self._pids = pids
        self._thread.start()

    def stop(self) -> int:
        """Stop watching; return the peak."""
        self._over.set()
        self._thread.join()
        return self.bytes

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self.bytes = max(self.bytes, sum(memory(pid) for pid in self._pids))
