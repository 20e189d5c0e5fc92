"""Take the steps of a conversion, and cut large tables into parts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from batches.legacy.run import Run
from batches.legacy.target import Rows, insert

AT_ONCE = 250_000
Progress = Callable[[str, int, int], None]
"""Is told a step, how many are done, and of how many."""


@dataclass(frozen=True)
class Step:
    """A part of a conversion: what it does in a few words, and how."""

    label: str
    work: Callable[[Run], Any]


def silent(label: str, done: int, total: int) -> None:
    """Tell nobody how far a conversion is."""


def perform(run: Run, steps: Iterable[Step], progress: Progress = silent) -> None:
    """Take steps one after the other."""
    chosen = list(steps)
    for place, step in enumerate(chosen):
        progress(step.label, place, len(chosen))
        step.work(run)
    progress("done", len(chosen), len(chosen))


def insert_parts(run: Run, rows: Rows, planned: str) -> int:
    """Insert rows in the order of their integers, a part at a time."""
    return sum(insert(run, rows, low, high) for low, high in bounds(run, planned))


def bounds(run: Run, planned: str) -> list[tuple[int, int]]:
    """Return the first and last integers of the parts of a planned table."""
    return run.rows(
        "SELECT min(integer), max(integer) FROM (SELECT integer, "
        f"(row_number() OVER (ORDER BY integer) - 1) / {AT_ONCE} AS part FROM {planned}) AS x "
        "GROUP BY part ORDER BY part"
    )
