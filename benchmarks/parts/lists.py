"""Lists at full size: the first page of each list, with each filter and common pairs of them."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from benchmarks import database
from benchmarks.database import Database, env_of
from benchmarks.parts import Scale
from benchmarks.tables import console, milliseconds, print_table
from benchmarks.workload import run

# Domains per requested site: a million for the default 1,000; SQLite gets a tenth.
DOMAINS = 1_000
FULL_PAGE = 50
# The target of pages with several lists, in seconds of CPU.
CONSOLE_TARGET = 0.03
COLUMNS = ("list", "queries", "median", "worst p95", "CPU", "page 1,000", "CPU", "misses")
SLOW = ("list and query", "rows", "median", "p95", "CPU")
CONSOLE = ("page", "median", "p95", "CPU")
Timed = dict[str, Any]


def run_part(scale: Scale) -> None:
    """Fill each database, unless an earlier run did, and measure the first pages."""
    domains = scale.sites * DOMAINS
    postgres, sqlite = database.postgres(), database.sqlite()
    if scale.keep:
        folder, name = Path(scale.keep).resolve(), f"lists_{scale.sites}"
        folder.mkdir(parents=True, exist_ok=True)
        postgres = database.kept_postgres(folder, name)
        sqlite = database.kept_sqlite(folder, name)
    _measure(postgres, domains, target=0.1)
    _measure(sqlite, domains // 10, target=0.15)


def _measure(context: AbstractContextManager[Database], domains: int, *, target: float) -> None:
    with context as storage:
        figures = run(
            "benchmarks.workloads.lists", {"domains": domains}, env=env_of(storage)
        ).figures[0]
        kind = storage.kind
    print_lists(kind, figures, target)


def print_lists(kind: str, figures: dict[str, Any], target: float) -> None:
    """Print a row for each list, each query above the target, and how many these are."""
    sizes = ", ".join(f"{number:,} {name}" for name, number in figures["rows"].items())
    timings: dict[str, list[Timed]] = dict(figures["timings"])
    pages = timings.pop("console")
    print_table(
        f"lists on {kind}",
        COLUMNS,
        [_row(name, timed, target) for name, timed in timings.items()],
        f"{sizes}; filled in {figures['filled']:.0f} s.",
        f"Target: p95 under {milliseconds(target)} where a full page of rows matches.",
        "The worst of all queries of a list that fill a page; CPU is that of a read, with the "
        "server's.",
    )
    print_table(
        f"pages with several lists on {kind}",
        CONSOLE,
        [[page["query"], *_times(page)] for page in pages],
        f"Target: under {milliseconds(CONSOLE_TARGET)} of CPU.",
    )
    reads = [
        read for name, timed in timings.items() for item in timed for read in _reads(name, item)
    ]
    full = [read for read in reads if _is_full(read)]
    misses = _slow(full, target)
    _print_slow(f"over the target on {kind}", misses)
    short = [read for read in reads if not _is_full(read)]
    _print_slow(f"over the target without a full page on {kind}", _slow(short, target))
    names = "; ".join(read["name"] for read in misses)
    console.print()
    console.print(
        f"{kind}: {len(misses)} of {len(full)} reads of a full page miss the target"
        f"{f': {names}' if names else ''}.",
        highlight=False,
    )


def _row(name: str, timed: list[Timed], target: float) -> list[str]:
    full = [read for item in timed for read in _reads(name, item) if _is_full(read)]
    first = [item for item in timed if _is_full(item)] or timed
    deep = [item["deep"] for item in timed if item["deep"]]
    medians = sorted(item["median"] for item in first)
    return [
        name,
        f"{len(timed)}",
        milliseconds(medians[len(medians) // 2]),
        *_worst(first),
        *(_worst(deep) if deep else ["", ""]),
        f"{len(_slow(full, target))}",
    ]


def _worst(reads: list[Timed]) -> list[str]:
    return [milliseconds(max(read[name] for read in reads)) for name in ("p95", "cpu")]


def _reads(name: str, item: Timed) -> list[Timed]:
    """Return the first page and page 1,000 of a query, with names for people."""
    label = f"{name}?{item['query']}"
    deep = [{**item["deep"], "name": f"{label} page 1,000"}] if item["deep"] else []
    return [{**item, "name": label}, *deep]


def _is_full(read: Timed) -> bool:
    """Whether a full page of rows matched; this is unknown of a query that was stopped."""
    return bool(read["rows"] >= FULL_PAGE)


def _slow(reads: list[Timed], target: float) -> list[Timed]:
    return sorted((read for read in reads if read["p95"] > target), key=lambda read: -read["p95"])


def _print_slow(title: str, reads: list[Timed]) -> None:
    if reads:
        rows = [[read["name"], _rows_of(read), *_times(read)] for read in reads]
        print_table(f"{title}: {len(reads)}", SLOW, rows)


def _rows_of(read: Timed) -> str:
    return "stopped" if read["is_stopped"] else str(read["rows"])


def _times(read: Timed) -> list[str]:
    return [milliseconds(read[name]) for name in ("median", "p95", "cpu")]
