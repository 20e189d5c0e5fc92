"""Two worker hosts: many small batches compared with one large batch of the same sites."""

from typing import NamedTuple

from benchmarks import database
from benchmarks.database import env_of
from benchmarks.parts import OPTIONS, Scale
from benchmarks.sites import Sites, serve
from benchmarks.tables import print_table
from benchmarks.workload import run

# Sites per small batch.
EACH = 100
HOSTS = ("one", "two")
COLUMNS = ("batches", "sites", "sites/s", "of the rate of one batch", "both at work after")


class Figures(NamedTuple):
    batches: int
    rate: float
    # Seconds from the start of a shift to its first scan, on the slower host.
    at_work: float


def run_part(scale: Scale) -> None:
    """Let two hosts process one batch, and then many with the same sites in a new database."""
    with serve(scale.sites, scale.pages) as sites:
        runs = [_work_off(sites, each=each) for each in (scale.sites, EACH)]
    rows = [
        [
            f"{figures.batches:,}",
            f"{scale.sites:,}",
            f"{figures.rate:.1f}",
            f"{figures.rate / runs[0].rate:.0%}",
            f"{figures.at_work:.1f} s" if figures.at_work < float("inf") else "one had no work",
        ]
        for figures in runs
    ]
    print_table(
        f"hosts: {len(HOSTS)} worker hosts, batches of up to {EACH} sites beside one batch",
        COLUMNS,
        rows,
        "'both at work': from the start of a host's shift to its first scan, of the slower host.",
        f"Both hosts are on this machine, with {OPTIONS} and no limit but their slots.",
    )


def _work_off(sites: Sites, *, each: int) -> Figures:
    with database.postgres() as storage:
        env = env_of(storage) | sites.env
        spec = {"sites": sites.count, "each": each, "options": OPTIONS | {"max_concurrent": 500}}
        run("benchmarks.workloads.batches", spec, env=env)
        hosts = run("benchmarks.workloads.host", *[{"name": name} for name in HOSTS], env=env)
        (result,) = run("benchmarks.workloads.batches", {}, env=env).figures
    if result["complete"] != sites.count:
        raise RuntimeError(f"Only {result['complete']:,} of {sites.count:,} jobs are complete.")
    at_work = max(figures["first_scan"] for figures in hosts.figures)
    return Figures(result["batches"], sites.count / result["seconds"], at_work)
