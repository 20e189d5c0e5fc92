"""Run several programs on the same work, one after another, and compare their figures."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.database import Database
from benchmarks.sites import Served, Sites
from benchmarks.tables import megabytes, print_table, ratio
from benchmarks.workload import Ran

COLUMNS = ("", "sites/s", "our ratio", "CPU ms/site", "peak", "requests", "server")
FOUND = ("reports", "contacts", "pages", "technologies")


@dataclass(frozen=True, slots=True)
class Entry:
    """The run of one program."""

    name: str
    ran: Ran
    served: Served
    # Sites per second.
    rate: float
    # Seconds.
    database_cpu: float


class Contest:
    """Runs programs over the same sites and prints the cost of each; the first one is ours."""

    def __init__(self, sites: Sites, database: Database | None = None) -> None:
        self._sites = sites
        self._database = database
        self._entries: list[Entry] = []

    def enter(self, name: str, program: Callable[[], Ran]) -> Entry:
        """Run a program to completion."""
        self._sites.served()
        before = self._database_cpu()
        ran = program()
        used = self._database_cpu() - before
        entry = Entry(name, ran, self._sites.served(), self._sites.count / ran.seconds, used)
        self._entries.append(entry)
        return entry

    def print(self, title: str, *notes: str) -> None:
        """Print the cost and the results of each run, to show that all did the same work."""
        columns = (*COLUMNS, "database ms/site") if self._database else COLUMNS
        rows = [self._row(entry) for entry in self._entries]
        explained = (
            "'our ratio': our rate over this row's. 'server': the site server's share of one core.",
            "'Scrapy whole' extracts everything that we do, with our own reader.",
            self._sites.described(),
        )
        print_table(title, columns, rows, *explained, *notes)
        cells = [[entry.name, *_found(entry.ran)] for entry in self._entries]
        print_table("results of each program", ("", *FOUND), cells)

    def _row(self, entry: Entry) -> list[str]:
        count = self._sites.count
        cells = [
            entry.name,
            f"{entry.rate:,.1f}",
            ratio(self._entries[0].rate, entry.rate),
            f"{entry.ran.cpu_seconds / count * 1000:.1f}",
            megabytes(entry.ran.peak_bytes),
            f"{entry.served.requests:,}",
            f"{entry.served.share:.0%}",
        ]
        return [*cells, f"{entry.database_cpu / count * 1000:.1f}"] if self._database else cells

    def _database_cpu(self) -> float:
        return self._database.cpu_seconds() if self._database else 0.0


def _found(ran: Ran) -> list[str]:
    return [f"{ran.total(name):,.0f}" if name in ran.figures[0] else "-" for name in FOUND]
