"""Measure the speed of ScraperSky and Scrapy in the same run."""

import argparse
import sys
from collections.abc import Callable

from benchmarks.machine import this_machine
from benchmarks.parts import (
    Scale,
    batch,
    columns,
    create,
    engine,
    exports,
    hosts,
    intake,
    large,
    latency,
    legacy,
    lists,
    micro,
)
from benchmarks.tables import print_machine

PARTS: dict[str, Callable[[Scale], None]] = {
    "engine": engine.run_part,
    "batch": batch.run_part,
    "latency": latency.run_part,
    "hosts": hosts.run_part,
    "create": create.run_part,
    "large": large.run_part,
    "intake": intake.run_part,
    "columns": columns.run_part,
    "legacy": legacy.run_part,
    "lists": lists.run_part,
    "exports": exports.run_part,
    "micro": micro.run_part,
}


def main(arguments: list[str]) -> None:
    """Run the requested parts, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--sites", type=int, default=1_000, help="how many sites (default 1,000)")
    parser.add_argument("--pages", default="", help="a folder of .html or .html.gz files to serve")
    parser.add_argument("--keep", default="", help="a folder that keeps the databases of `lists`")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"There is no part {sorted(unknown)[0]!r}: choose from {', '.join(PARTS)}.")
    print_machine(this_machine())
    for name in options.parts or PARTS:
        PARTS[name](Scale(options.sites, options.pages, options.keep))


if __name__ == "__main__":
    main(sys.argv[1:])
