"""Scrapy over the same sites."""

from collections.abc import Iterator
from itertools import pairwise, product

from benchmarks.machine import cores
from benchmarks.sites import Sites
from benchmarks.workload import Ran, Spec, run


def rivals() -> Iterator[tuple[str, int, str]]:
    """Yield the name, number of processes and extraction of each crawl to compare with."""
    for extraction, processes in product(("usual", "whole"), dict.fromkeys((1, cores()))):
        name = "Scrapy whole" if extraction == "whole" else "Scrapy"
        count = "one process" if processes == 1 else f"{processes} processes"
        yield f"{name}, {count}", processes, extraction


def crawl(sites: Sites, processes: int, extraction: str, **more: str) -> Ran:
    """Crawl the sites with this many Scrapy processes, each with its share.

    `extraction` is "usual" for what typical spiders read, or "whole" for everything that ours
    reads.
    """
    more["extraction"] = extraction
    bounds = [sites.count * index // processes for index in range(processes + 1)]
    specs: list[Spec] = [
        {"first": first, "last": last, "port": sites.port, **more}
        for first, last in pairwise(bounds)
        if first < last
    ]
    return run("benchmarks.scrapy_crawl", *specs)
