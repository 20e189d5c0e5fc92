"""A large batch: the time from the form to its first jobs, and the cost of its pages."""

from contextlib import AbstractContextManager

from benchmarks import database
from benchmarks.database import Database, env_of
from benchmarks.parts import Scale
from benchmarks.tables import megabytes, print_table
from benchmarks.workload import Ran, run

DOMAINS = 100_000
COLUMNS = (
    "",
    "POST",
    "to first claim",
    "POST to running",
    "of it CPU",
    "same list again",
    "memory +",
)
VIEWS = ("", "median", "worst", "queries")


def run_part(scale: Scale) -> None:
    """Create a batch of 100,000 domains, or one per site in a small run, on each database."""
    count = DOMAINS if scale.sites >= 1_000 else scale.sites
    runs = [_create(context, count) for context in (database.sqlite(), database.postgres())]
    rows = [[kind, *_cells(ran)] for kind, ran in runs]
    print_table(
        f"create: a batch of {count:,} pasted domains",
        COLUMNS,
        rows,
        "POST: parse the form and list, commit the batch and its jobs. 'same list again': only the",
        "service call, with all domains known.",
    )
    for kind, ran in runs:
        _print_views(kind, ran, count)


def _create(context: AbstractContextManager[Database], count: int) -> tuple[str, Ran]:
    with context as target:
        ran = run("benchmarks.workloads.create", {"domains": count}, env=env_of(target))
        return target.kind, ran


def _cells(ran: Ran) -> list[str]:
    figures = ran.figures[0]
    times = (
        figures["post"],
        figures["start"],
        figures["post"] + figures["start"],
        figures["cpu"],
        figures["again"],
    )
    return [*(f"{seconds:.2f} s" for seconds in times), megabytes(figures["grown"])]


def _print_views(kind: str, ran: Ran, count: int) -> None:
    rows = [
        [name, f"{view['ms']:.1f} ms", f"{view['worst']:.1f} ms", f"{view['queries']}"]
        for name, view in ran.figures[0]["views"].items()
    ]
    print_table(f"pages of the batch of {count:,} on {kind}", VIEWS, rows)
