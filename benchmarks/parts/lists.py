"""Lists at full size: the first page of each list, with each filter and common pairs of them."""

from contextlib import AbstractContextManager
from typing import Any

from benchmarks import database
from benchmarks.database import Database, env_of
from benchmarks.parts import Scale
from benchmarks.tables import milliseconds, print_table
from benchmarks.workload import run

# Domains per requested site: a million for the default 1,000; SQLite gets a tenth.
DOMAINS = 1_000
FULL_PAGE = 50
COLUMNS = ("list", "queries", "median", "worst p95", "over target", "page 1,000")
SLOW = ("list and query", "rows", "median", "p95")
SHOWN = 15


def run_part(scale: Scale) -> None:
    """Fill each database and measure the first pages."""
    domains = scale.sites * DOMAINS
    _measure(database.postgres(), domains, target=0.1)
    _measure(database.sqlite(), domains // 10, target=0.15)


def _measure(context: AbstractContextManager[Database], domains: int, *, target: float) -> None:
    with context as storage:
        figures = run(
            "benchmarks.workloads.lists", {"domains": domains}, env=env_of(storage)
        ).figures[0]
        kind = storage.kind
    sizes = ", ".join(f"{number:,} {name}" for name, number in figures["rows"].items())
    rows = [_row(name, timed, target) for name, timed in figures["timings"].items()]
    print_table(
        f"lists on {kind}",
        COLUMNS,
        rows,
        f"{sizes}; filled in {figures['filled']:.0f} s. Target: p95 under {milliseconds(target)}",
        "where a full page of rows matches.",
    )
    _print_slow(kind, figures["timings"], target)


def _row(name: str, timed: list[dict[str, Any]], target: float) -> list[str]:
    first, last = timed[:-1], timed[-1]
    worst = max(item["p95"] for item in first)
    over = [item for item in first if item["p95"] > target]
    medians = sorted(item["median"] for item in first)
    median = milliseconds(medians[len(medians) // 2])
    return [
        name,
        f"{len(first)}",
        median,
        milliseconds(worst),
        f"{len(over)}",
        milliseconds(last["p95"]),
    ]


def _print_slow(kind: str, timings: dict[str, list[dict[str, Any]]], target: float) -> None:
    slow = [
        (name, item) for name, timed in timings.items() for item in timed if item["p95"] > target
    ]
    slow.sort(key=lambda pair: -pair[1]["p95"])
    rows = [
        [
            f"{name}?{item['query']}",
            str(item["rows"]),
            milliseconds(item["median"]),
            milliseconds(item["p95"]),
        ]
        for name, item in slow[:SHOWN]
    ]
    if rows:
        print_table(f"over the target on {kind}: {len(slow)}", SLOW, rows)


def _times(item: dict[str, Any]) -> tuple[float, float]:
    return item["median"], item["p95"]
