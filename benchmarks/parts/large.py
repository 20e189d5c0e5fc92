"""A batch of any size from its POST to running, through a console process and a worker."""

import tempfile
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import psycopg
import requests

from benchmarks import database
from benchmarks.console import Console, console
from benchmarks.database import Database, env_of
from benchmarks.machine import this_machine
from benchmarks.parts import Scale
from benchmarks.sites import host
from benchmarks.tables import megabytes, print_table
from benchmarks.usage import PeakMemory, cpu_seconds, memory
from benchmarks.workload import run

# Scans of the first jobs fail at once: nothing listens on port 1.
ENVIRONMENT = {
    "SCAN_HOST_MAP": "*.test=127.0.0.1:1",
    "SCAN_MAPPED_NETWORKS": "127.0.0.0/8",
    "ALLOWED_HOSTS": "localhost",
    "LOG_LEVEL": "ERROR",
}
COLUMNS = ("until", "after", "CPU of web", "of worker", "of PostgreSQL", "in all")
# Domains of the first batch; if 50 fail, the network counts as down.
WARM_UP = 20
# Seeds the order of the list.
SEED = 13
_BLOCK = 10_000
_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Moment:
    """The time since the POST, and the CPU seconds of the three programs since then."""

    name: str
    seconds: float
    cpu: tuple[float, ...]


class Watch:
    """Records moments of a run, and the memory of the console and the worker."""

    def __init__(self, running: Console, storage: Database) -> None:
        self._pids = (running.web, running.worker)
        self._storage = storage
        self._memory = [PeakMemory() for _ in self._pids]
        self._before = [memory(pid) for pid in self._pids]
        for peak, pid in zip(self._memory, self._pids, strict=True):
            peak.watch([pid])
        self._started, self._used = time.perf_counter(), self._cpu()
        self.moments: list[Moment] = []

    def record(self, name: str) -> None:
        seconds = time.perf_counter() - self._started
        used = tuple(now - before for now, before in zip(self._cpu(), self._used, strict=True))
        self.moments.append(Moment(name, seconds, used))

    def growth(self) -> list[int]:
        """Stop watching; return how much memory the console and the worker took at most."""
        return [
            max(peak.stop() - before, 0)
            for peak, before in zip(self._memory, self._before, strict=True)
        ]

    def _cpu(self) -> tuple[float, ...]:
        return (*(cpu_seconds(pid) for pid in self._pids), self._storage.cpu_seconds())


def run_part(scale: Scale) -> None:
    """Send one domain per site as JSON Lines to a console on PostgreSQL."""
    with database.postgres() as storage, tempfile.TemporaryDirectory() as folder:
        env = env_of(storage) | ENVIRONMENT | {"LIST_DIR": folder}
        token = run("benchmarks.workloads.account", {}, env=env).figures[0]["token"]
        with console(env) as running, psycopg.connect(storage.url, autocommit=True) as connection:
            client = Client(running.url, token, connection)
            # Afterwards all processes have started and loaded their code.
            client.wait_for(client.post(_shuffled(0, WARM_UP)), "finished_at IS NOT NULL")
            numbers = _shuffled(WARM_UP, scale.sites)
            watch = Watch(running, storage)
            batch = client.post(numbers)
            watch.record("the response")
            client.wait_for(batch, "NOT is_building")
            watch.record("the complete list")
            client.wait_for(batch, "started_at IS NOT NULL")
            watch.record("running")
            web, worker = watch.growth()
    print_table(
        f"large: a batch of {scale.sites:,} domains by API on {storage.kind}",
        COLUMNS,
        [_row(moment) for moment in watch.moments],
        f"Load {this_machine().load:.1f} at the end. Memory grew by at most {megabytes(web)} (web) "
        f"and {megabytes(worker)} (worker).",
    )


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the API that sees the database."""

    url: str
    token: str
    connection: psycopg.Connection

    def post(self, numbers: "array[int]") -> str:
        """Create a batch of the sites with these numbers."""
        response = requests.post(
            f"{self.url}/api/v3/batch_page_scraper/batch",
            data=_lines(numbers),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/jsonl"},
            timeout=600,
        )
        response.raise_for_status()
        return str(response.json()["batch_id"])

    def wait_for(self, batch: str, condition: str) -> None:
        """Wait until an SQL condition holds for a batch."""
        query = f"SELECT {condition}, error FROM batches_batch WHERE id = %s"
        while not (row := self.connection.execute(query, [batch]).fetchone() or (False, ""))[0]:
            if row[1]:
                raise RuntimeError(f"The batch was not created: {row[1]}")
            time.sleep(_EVERY)


def _shuffled(first: int, count: int) -> "array[int]":
    """Return numbers in a random order, each once."""
    numbers = array("l", range(first, first + count))
    Random(SEED).shuffle(numbers)
    return numbers


def _lines(numbers: "array[int]") -> Iterator[bytes]:
    """Yield the list in blocks."""
    for start in range(0, len(numbers), _BLOCK):
        names = map(host, numbers[start : start + _BLOCK])
        yield "".join(f'"{name}"\n' for name in names).encode()


def _row(moment: Moment) -> list[str]:
    seconds = (moment.seconds, *moment.cpu, sum(moment.cpu))
    return [moment.name, *(f"{each:.1f} s" for each in seconds)]
