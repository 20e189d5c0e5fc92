"""Run the steps of a conversion and report progress."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from batches.legacy.context import Context

# Called with a step, the number done, and the total.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Step:
    """A part of a conversion: its label and its function."""

    label: str
    work: Callable[[Context], Any]


def silent(label: str, done: int, total: int) -> None:
    """Ignore progress."""


def _show(progress: Progress, label: str, place: int, total: int, detail: str) -> None:
    progress(f"{label} {detail}".rstrip(), place, total)


def perform(context: Context, steps: Iterable[Step], progress: Progress = silent) -> None:
    """Run the steps in order."""
    selected = list(steps)
    for place, step in enumerate(selected):
        context.show_progress = partial(_show, progress, step.label, place, len(selected))
        context.show_progress("")
        step.work(context)
    progress("done", len(selected), len(selected))
