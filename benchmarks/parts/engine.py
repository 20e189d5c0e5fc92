"""The engine on all cores, compared with a Scrapy broad crawl of the same sites."""

from functools import partial

from benchmarks.contest import Contest
from benchmarks.crawl import crawl, rivals
from benchmarks.parts import OPTIONS, Scale
from benchmarks.sites import Sites, serve
from benchmarks.tables import print_table
from benchmarks.workload import Ran, Spec, run

CONCURRENCY = 25
STAGED_SITES = 100


def run_part(scale: Scale) -> None:
    """Scan the sites with each program, and print the cost."""
    with serve(scale.sites, scale.pages) as sites:
        contest = Contest(sites)
        contest.enter("ScraperSky's engine", lambda: _scan(sites))
        for name, processes, extraction in rivals():
            contest.enter(name, partial(crawl, sites, processes, extraction))
        stages = _stages(sites)
        contest.print(f"engine: {sites.count:,} sites of 4 requests, nothing stored")
    _print_stages(stages)


def _scan(sites: Sites) -> Ran:
    spec: Spec = {"sites": sites.count, "concurrency": CONCURRENCY, "options": OPTIONS}
    return run("benchmarks.workloads.scan", spec, env=sites.env)


def _stages(sites: Sites) -> Ran:
    count = min(sites.count, STAGED_SITES)
    spec: Spec = {"sites": count, "port": sites.port, "limits": OPTIONS}
    return run("benchmarks.workloads.stages", spec)


def _print_stages(ran: Ran) -> None:
    stages: dict[str, float] = ran.figures[0]["stages"]
    count, total = ran.figures[0]["sites"], sum(stages.values())
    rows = [
        [stage, f"{seconds / count * 1000:.2f}", f"{seconds / total:.0%}"]
        for stage, seconds in stages.items()
    ]
    rows.append(["all", f"{total / count * 1000:.2f}", "100%"])
    note = f"Processor time of one thread alone, {count} sites; 'read' and 'follow': a page each."
    print_table("where the engine's time goes", ("stage", "CPU ms/site", "share"), rows, note)
