"""Scrapy over the same sites."""

from itertools import pairwise

from benchmarks.sites import Sites
from benchmarks.workload import Ran, Spec, run


def crawl(sites: Sites, processes: int, **more: str) -> Ran:
    """Crawl the sites with so many Scrapy processes at once, each its share."""
    bounds = [sites.count * place // processes for place in range(processes + 1)]
    specs: list[Spec] = [
        {"first": first, "last": last, "port": sites.port, **more}
        for first, last in pairwise(bounds)
        if first < last
    ]
    return run("benchmarks.scrapy_crawl", *specs)
