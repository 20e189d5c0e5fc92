"""Sites that answer slowly: the rate reached, against the one that latency and slots allow."""

from benchmarks import database
from benchmarks.parts import Asked
from benchmarks.parts.batch import scan_batch
from benchmarks.sites import serve
from benchmarks.tables import print_table

LATENCY = 0.2
REQUESTS = 4
# How long each run would take at the allowed rate, where there are sites enough.
SECONDS = 20
SLOTS = (10, 25, 50, 100)
COLUMNS = ("max_concurrent", "sites", "allowed sites/s", "reached", "share", "CPU ms/site")


def run_part(asked: Asked) -> None:
    """Scan batches of slow sites with more and more slots."""
    rows = []
    with database.postgres() as place, serve(asked.sites, asked.pages, LATENCY) as sites:
        first = 0
        for slots in SLOTS:
            allowed = slots / (REQUESTS * LATENCY)
            count = min(asked.sites, int(allowed * SECONDS))
            ran = scan_batch(sites, place, count=count, first=first, max_concurrent=slots)
            first += count
            reached = count / ran.seconds
            cpu = f"{ran.cpu_seconds / count * 1000:.1f}"
            share = f"{reached / allowed:.0%}"
            rows.append([f"{slots}", f"{count:,}", f"{allowed:.1f}", f"{reached:.1f}", share, cpu])
    title = f"latency: sites that answer after {LATENCY * 1000:.0f} ms, stored in full"
    allowed_by = "'allowed': max_concurrent sites at a time, 4 answers one after another each."
    print_table(title, COLUMNS, rows, allowed_by, "Where the cores are full, no slots help.")
