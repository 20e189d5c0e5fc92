"""A whole batch, stored in full, compared with Scrapy and a pipeline that stores the same."""

from functools import partial

from benchmarks import database
from benchmarks.contest import Contest
from benchmarks.crawl import crawl, rivals
from benchmarks.database import Database, env_of
from benchmarks.parts import OPTIONS, Scale
from benchmarks.scrapy_crawl.pipeline import create_tables
from benchmarks.sites import Sites, serve
from benchmarks.workload import Ran, Spec, run


def run_part(scale: Scale) -> None:
    """Scan and store the sites with each program, on the same PostgreSQL."""
    with database.postgres() as storage, serve(scale.sites, scale.pages) as sites:
        contest = Contest(sites, storage)
        contest.enter("ScraperSky, a batch", lambda: scan_batch(sites, storage))
        for name, processes, extraction in rivals():
            create_tables(storage.url)
            program = partial(crawl, sites, processes, extraction, database=storage.url)
            contest.enter(name, program)
        contest.print(
            f"batch: {sites.count:,} sites of 4 requests, stored in full",
            f"Stored in {storage.kind}, from the call to the last row.",
        )


def scan_batch(
    sites: Sites,
    storage: Database,
    *,
    count: int = 0,
    first: int = 0,
    max_concurrent: int = 25,
    env: dict[str, str] | None = None,
) -> Ran:
    """Create a batch of this many sites, by default all, and run it to completion."""
    options = OPTIONS | {"max_concurrent": max_concurrent}
    spec: Spec = {"sites": count or sites.count, "first": first, "options": options}
    return run("benchmarks.workloads.batch", spec, env=env_of(storage) | sites.env | (env or {}))
