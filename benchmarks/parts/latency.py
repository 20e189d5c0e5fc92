"""Sites that answer slowly: the rate reached, against the one that slots and cores allow."""

from benchmarks import database
from benchmarks.database import Database
from benchmarks.parts import Scale
from benchmarks.parts.batch import scan_batch
from benchmarks.sites import Sites, serve
from benchmarks.tables import print_table

LATENCY = 1.0
REQUESTS = 4
# How long each run would take at the allowed rate, where there are sites enough.
SECONDS = 30
SLOTS = (128, 256, 500)
COLUMNS = ("slots", "sites", "allowed sites/s", "reached", "share", "CPU ms/site")


def run_part(scale: Scale) -> None:
    """Scan batches of slow sites with more and more slots."""
    with database.postgres() as place:
        with serve(scale.sites, scale.pages) as sites:
            cores, _ = _scan(sites, place, count=scale.sites, first=0, slots=max(SLOTS))
        with serve(2 * scale.sites, scale.pages, LATENCY) as sites:
            rows = _rows(sites, place, scale.sites, cores)
    print_table(
        f"latency: sites that answer after {LATENCY * 1000:.0f} ms, stored in full",
        COLUMNS,
        rows,
        "'allowed': as many sites at a time as there are slots, 4 answers one after another each,",
        f"and no more than the {cores:.0f} sites/s that the cores do where sites answer at once.",
    )


def _rows(sites: Sites, place: Database, most: int, cores: float) -> list[list[str]]:
    rows, first = [], sites.count // 2  # the first half was scanned before
    for slots in SLOTS:
        allowed = min(slots / (REQUESTS * LATENCY), cores)
        count = min(most, int(allowed * SECONDS))
        reached, cpu = _scan(sites, place, count=count, first=first, slots=slots)
        first += count
        share = f"{reached / allowed:.0%}"
        rows.append(
            [f"{slots}", f"{count:,}", f"{allowed:.1f}", f"{reached:.1f}", share, f"{cpu:.1f}"]
        )
    return rows


def _scan(
    sites: Sites, place: Database, *, count: int, first: int, slots: int
) -> tuple[float, float]:
    """Return the sites a second and the CPU milliseconds a site of a batch."""
    env = {"SCAN_MAX_CONCURRENT": str(slots)}
    ran = scan_batch(sites, place, count=count, first=first, max_concurrent=slots, env=env)
    return count / ran.seconds, ran.cpu_seconds / count * 1000
