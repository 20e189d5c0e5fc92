"""Sites that respond slowly: the achieved rate compared with what slots and cores allow."""

import math
from typing import NamedTuple

from benchmarks import database
from benchmarks.database import Database
from benchmarks.parts import Scale
from benchmarks.parts.batch import scan_batch
from benchmarks.sites import Sites, serve
from benchmarks.tables import print_table

LATENCY = 1.0
REQUESTS = 4
# How long each run would take at the allowed rate, given enough sites.
SECONDS = 90
SLOTS = (128, 256, 500)
COLUMNS = ("slots", "sites", "allowed sites/s", "reached", "share", "middle", "CPU ms/site")


class Rates(NamedTuple):
    """Sites per second of a batch, also without its start and end, and CPU per site."""

    whole: float
    middle: float
    cpu_milliseconds: float


def run_part(scale: Scale) -> None:
    """Scan batches of slow sites with increasing numbers of slots."""
    with database.postgres() as storage:
        with serve(scale.sites, scale.pages) as sites:
            cores = _scan(sites, storage, count=scale.sites, first=0, slots=max(SLOTS))
        with serve(scale.sites * (1 + len(SLOTS)), scale.pages, LATENCY) as sites:
            rows = _rows(sites, storage, scale.sites, cores)
    print_table(
        f"latency: sites that answer after {LATENCY * 1000:.0f} ms, stored in full",
        COLUMNS,
        rows,
        "'allowed': as many sites at a time as there are slots, 4 answers one after another each,",
        f"and no more than the {cores.whole:.0f} sites/s that the cores do where sites answer",
        f"at once ({cores.cpu_milliseconds:.1f} ms of CPU a site), from the first answer on.",
        "Below 6,000 sites the start of the processes counts, too. 'middle': without the first",
        f"and last tenth of the sites; the cores alone did {cores.middle:.0f} sites/s there.",
    )


def _rows(sites: Sites, storage: Database, most: int, cores: Rates) -> list[list[str]]:
    rows, first = [], most  # earlier sites were scanned without latency
    for slots in SLOTS:
        count = _count(slots, most, cores.whole)
        allowed = count / _least_seconds(slots, count, cores.whole)
        rates = _scan(sites, storage, count=count, first=first, slots=slots)
        first += count
        steady = rates.middle / min(slots / (REQUESTS * LATENCY), cores.middle)
        row = [f"{slots}", f"{count:,}", f"{allowed:.1f}", f"{rates.whole:.1f}"]
        row += [f"{rates.whole / allowed:.0%}", f"{rates.middle:.1f} ({steady:.0%})"]
        rows.append([*row, f"{rates.cpu_milliseconds:.1f}"])
    return rows


def _count(slots: int, most: int, cores: float) -> int:
    """Return how many sites to scan, if possible a multiple of the slots."""
    wanted = min(most, int(min(slots / (REQUESTS * LATENCY), cores) * SECONDS))
    return wanted // slots * slots or wanted


def _least_seconds(slots: int, count: int, cores: float) -> float:
    """Return the minimum time for this many sites, from the slots' waits and the cores' work."""
    waits = math.ceil(count / slots) * REQUESTS * LATENCY
    return max(waits, count / cores + LATENCY)


def _scan(sites: Sites, storage: Database, *, count: int, first: int, slots: int) -> Rates:
    """Scan a batch of sites."""
    env = {"SCAN_MAX_CONCURRENT": str(slots)}
    ran = scan_batch(sites, storage, count=count, first=first, max_concurrent=slots, env=env)
    middle = ran.figures[0]["middle_rate"]
    return Rates(count / ran.seconds, middle, ran.cpu_seconds / count * 1000)
