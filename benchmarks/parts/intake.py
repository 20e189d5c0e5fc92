"""Checking a list of 100,000 messy lines before creating its batch, on both databases."""

from benchmarks import database
from benchmarks.database import env_of
from benchmarks.parts import Scale
from benchmarks.tables import megabytes, print_table
from benchmarks.workload import BARE, run

LINES = 100_000
STREAM = ("rows", "domains", "time", "peak memory")
COLUMNS = ("", "list", "in place", "of it CPU", "by a plain form", "new", "known", "rejected")


def run_part(scale: Scale) -> None:
    """Check 100,000 lines, or one per site in a small run, on each database."""
    lines = LINES if scale.sites >= 1_000 else scale.sites
    rows = []
    for context in (database.sqlite(), database.postgres()):
        with context as target:
            ran = run("benchmarks.workloads.intake", {"lines": lines}, env=env_of(target))
        rows += [
            [target.kind, *_cells(name, check)] for name, check in ran.figures[0]["checks"].items()
        ]
    print_table(
        f"intake: a check of {lines:,} lines, two thirds of them known",
        COLUMNS,
        rows,
        "In place: the list is read, compared with what is known, saved as a draft and shown. By a",
        "plain form: the same, and the page that the form leads to, which reads the draft again.",
        "CPU is that of the web process; the tables have nine more columns.",
    )

    _print_streams(lines * 10, lines)


def _print_streams(*sizes: int) -> None:
    """Print the cost of reading a table ten times as long, whose memory use must not grow."""
    rows = []
    for count in sizes:
        ran = run("benchmarks.workloads.stream", {"rows": count}, env=BARE)
        hosts = ran.total("hosts")
        rows.append(
            [f"{count:,}", f"{hosts:,.0f}", f"{ran.seconds:.1f} s", megabytes(ran.peak_bytes)]
        )
    print_table("intake: a table that is read row by row", STREAM, rows)


def _cells(name: str, check: dict) -> list[str]:
    counts = check["counts"]
    known = counts["recent"] + counts["older"]
    times = (*check["in_place"], check["plain"][0])
    return [
        name,
        *(f"{seconds:.2f} s" for seconds in times),
        *(f"{count:,}" for count in (counts["new"], known, counts["rejected"])),
    ]
