"""Take the steps of a conversion."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from batches.legacy.run import Run

# Is told a step, how many are done, and of how many.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Step:
    """A part of a conversion: what it does in a few words, and how."""

    label: str
    work: Callable[[Run], Any]


def silent(label: str, done: int, total: int) -> None:
    """Tell nobody how far a conversion is."""


def _tell(progress: Progress, label: str, place: int, total: int, detail: str) -> None:
    progress(f"{label} {detail}".rstrip(), place, total)


def perform(run: Run, steps: Iterable[Step], progress: Progress = silent) -> None:
    """Take steps one after the other."""
    chosen = list(steps)
    for place, step in enumerate(chosen):
        run.tell = partial(_tell, progress, step.label, place, len(chosen))
        run.tell("")
        step.work(run)
    progress("done", len(chosen), len(chosen))
