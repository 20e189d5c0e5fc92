"""Small parts of the engine, each alone in one thread."""

from benchmarks.parts import Asked
from benchmarks.tables import megabytes, milliseconds, print_table
from benchmarks.workload import Spec, run

MOST_VARIANTS = 100
URLS = 50_000
LINES = 100_000
SPREAD = ("", "a second", "median", "95 %", "worst")


def run_part(asked: Asked) -> None:
    """Measure pages, technologies, a large sitemap and a pasted list."""
    small = asked.sites < 1_000
    spec: Spec = {
        "pages": asked.pages,
        "variants": min(asked.sites, MOST_VARIANTS),
        "urls": asked.sites if small else URLS,
        "domains": asked.sites if small else LINES,
    }
    told = run("benchmarks.workloads.micro", spec).told[0]
    spreads = (("read_page, all extractors", "pages"), ("technologies alone", "technologies"))
    rows = [[name, *_cells(told[key])] for name, key in spreads]
    count = told["pages"]["count"]
    print_table(f"micro: {count} pages, processor time, best of three each", SPREAD, rows)
    _print_texts(told)


def _cells(spread: dict[str, float]) -> list[str]:
    times = [milliseconds(spread[name]) for name in ("median", "p95", "worst")]
    return [f"{spread['rate']:,.0f}", *times]


def _print_texts(told: Spec) -> None:
    sitemap, domains = told["sitemap"], told["domains"]
    size = f"{sitemap['urls']:,} URLs, {sitemap['bytes'] / 1e6:.1f} MB"
    memory = (
        f"{megabytes(sitemap['peak'])} ({megabytes(sitemap['peak_all'])} with every entry kept)"
    )
    rows = [
        ["sitemap", size, milliseconds(sitemap["seconds"]), memory],
        ["pasted domains", f"{domains['lines']:,} lines", milliseconds(domains["seconds"]), "-"],
    ]
    print_table("micro: long texts, processor time", ("", "size", "time", "memory"), rows)
