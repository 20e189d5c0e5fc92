"""Small parts of the engine, each in a single thread."""

from benchmarks.parts import Scale
from benchmarks.tables import megabytes, milliseconds, print_table
from benchmarks.workload import Spec, run

MOST_VARIANTS = 100
URLS = 50_000
LINES = 100_000
SPREAD = ("", "a second", "median", "95 %", "worst")


def run_part(scale: Scale) -> None:
    """Measure pages, technologies, a large sitemap and a pasted list."""
    small = scale.sites < 1_000
    spec: Spec = {
        "pages": scale.pages,
        "variants": min(scale.sites, MOST_VARIANTS),
        "urls": scale.sites if small else URLS,
        "domains": scale.sites if small else LINES,
    }
    figures = run("benchmarks.workloads.micro", spec).figures[0]
    spreads = (("read_page, all extractors", "pages"), ("technologies alone", "technologies"))
    rows = [[name, *_cells(figures[key])] for name, key in spreads]
    count = figures["pages"]["count"]
    print_table(f"micro: {count} pages, processor time, best of three each", SPREAD, rows)
    _print_texts(figures)


def _cells(spread: dict[str, float]) -> list[str]:
    times = [milliseconds(spread[name]) for name in ("median", "p95", "worst")]
    return [f"{spread['rate']:,.0f}", *times]


def _print_texts(figures: Spec) -> None:
    sitemap, domains = figures["sitemap"], figures["domains"]
    size = f"{sitemap['urls']:,} URLs, {sitemap['bytes'] / 1e6:.1f} MB"
    memory = (
        f"{megabytes(sitemap['peak'])} ({megabytes(sitemap['peak_all'])} with every entry kept)"
    )
    rows = [
        ["sitemap", size, milliseconds(sitemap["seconds"]), memory],
        ["pasted domains", f"{domains['lines']:,} lines", milliseconds(domains["seconds"]), "-"],
    ]
    print_table("micro: long texts, processor time", ("", "size", "time", "memory"), rows)
