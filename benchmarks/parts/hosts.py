"""Two worker hosts: many small batches compared with one large batch of the same sites."""

from typing import NamedTuple

from benchmarks import database
from benchmarks.database import env_of
from benchmarks.parts import OPTIONS, Scale
from benchmarks.sites import Sites, serve
from benchmarks.tables import print_table, ratio
from benchmarks.workload import run

# Sites per small batch.
EACH = 100
HOSTS = ("one", "two")
# Seconds of each run in which scanned sites are counted.
PERIOD = 150
COLUMNS = (
    *("batches", "sites", "scanned", "sites/s", "beside one batch", "CPU ms/site", "PostgreSQL"),
    "both at work after",
)


class Figures(NamedTuple):
    batches: int
    scanned: int
    rate: float
    # Of the hosts and of the database, per site.
    cpu_milliseconds: tuple[float, ...]
    # Seconds from the start of a shift to its first scan, on the slower host.
    at_work: float


def run_part(scale: Scale) -> None:
    """Let two hosts scan one batch, and then many with the same sites in a new database."""
    with serve(scale.sites, scale.pages) as sites:
        runs = [_scan(sites, each=each) for each in (scale.sites, EACH)]
    rows = [
        [
            f"{figures.batches:,}",
            f"{scale.sites:,}",
            f"{figures.scanned:,}",
            f"{figures.rate:.1f}",
            ratio(figures.rate, runs[0].rate),
            *(f"{spent:.1f}" for spent in figures.cpu_milliseconds),
            f"{figures.at_work:.1f} s" if figures.at_work < float("inf") else "one had no work",
        ]
        for figures in runs
    ]
    print_table(
        f"hosts: {len(HOSTS)} worker hosts, batches of up to {EACH} sites beside one batch",
        COLUMNS,
        rows,
        f"'scanned' and the rate: from the first site on for {PERIOD} s, or until the last site;",
        "then the run is stopped. Each claim sees all waiting jobs.",
        "'both at work': from the start of a host's shift to its first scan, of the slower host.",
        f"Both hosts are on this machine, with {OPTIONS} and no limit but their slots.",
    )


def _scan(sites: Sites, *, each: int) -> Figures:
    period = {"seconds": PERIOD}
    with database.postgres() as storage:
        env = env_of(storage) | sites.env
        spec = {"sites": sites.count, "each": each, "options": OPTIONS | {"max_concurrent": 500}}
        (created,) = run("benchmarks.workloads.batches", spec, env=env).figures
        before = storage.cpu_seconds()
        hosts = run("benchmarks.workloads.host", *[{"name": n} | period for n in HOSTS], env=env)
        used = (hosts.cpu_seconds, storage.cpu_seconds() - before)
        (result,) = run("benchmarks.workloads.batches", period, env=env).figures
    if result["failed"]:
        raise RuntimeError(f"{result['failed']:,} jobs failed.")
    at_work = max(figures["first_scan"] for figures in hosts.figures)
    rate = result["scanned"] / result["seconds"]
    cpu = tuple(seconds * 1000 / max(result["scanned"], 1) for seconds in used)
    return Figures(created["batches"], result["scanned"], rate, cpu, at_work)
