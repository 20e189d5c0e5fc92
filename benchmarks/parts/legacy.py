"""The conversion of legacy data, compared with a bare INSERT ... SELECT of the same rows."""

import time
from contextlib import suppress
from typing import NamedTuple

import psycopg

from batches.tests.legacy.legacy_database import (
    create_tables,
    fill_to_scale,
    run_older_script,
)
from benchmarks import database
from benchmarks.database import Database, env_of
from benchmarks.parts import Scale
from benchmarks.tables import megabytes, print_table, ratio
from benchmarks.usage import PeakMemory
from benchmarks.workload import run

# Rows per requested site: 100,000, 500,000 and 200,000 for the default 1,000.
BATCHES, JOBS, DOMAINS = 100, 500, 200
# What the conversion writes, except the id map, which a bare copy does not need.
TABLES = (
    "tenants_tenant",
    "tenants_user",
    "batches_batch",
    "scans_domain",
    "scans_contact",
    "scans_technology",
    "batches_job",
)
# The shapes of older databases: as in the older system's dump, before its script ran, and after.
SHAPES = {
    "after": "as in the dump",
    "before": "before the older script",
    "scripted": "after the older script ran on the former",
}
COLUMNS = ("", "time", "rows/s", "of bare", "CPU time", "of bare", "Python", "server")


class Cost(NamedTuple):
    """The time of a run, and the CPU time of Python and of a server that was started here."""

    seconds: float
    cpu_seconds: float
    # Peaks of memory; 0 if not measured.
    python: int = 0
    server: int = 0


def run_part(scale: Scale) -> None:
    """Fill older databases, convert and verify them in place, and make bare copies."""
    for shape in SHAPES:
        _measure(shape, scale)


def _measure(shape: str, scale: Scale) -> None:
    batches, jobs, domains = (scale.sites * each for each in (BATCHES, JOBS, DOMAINS))
    costs: dict[str, Cost] = {}
    with database.postgres() as storage:
        _fill(storage, shape, batches=batches, jobs=jobs, domains=domains)
        costs["conversion, verified"] = _convert(storage)
        costs["verification again"] = _convert(storage, "--verify")
        rows, bare = _copy(storage, "bare", with_keys=False)
        _, costs["the same with foreign keys"] = _copy(storage, "keyed", with_keys=True)
        if shape == "before":
            _run_script(storage)
            costs["conversion after the script"] = _convert(storage)
    print_table(
        f"legacy: {batches:,} batches, {jobs:,} jobs, {domains:,} domains, {SHAPES[shape]}",
        COLUMNS,
        [
            _cells(name, rows, bare, cost)
            for name, cost in ({"bare INSERT ... SELECT": bare} | costs).items()
        ],
        f"In {storage.kind}, one transaction. {rows:,} rows written; the bare copy puts the same",
        "rows into tables with the same indexes and checks. The conversion also writes and indexes",
        "the id map; as a superuser it has foreign keys checked once a table, not row by row.",
        "Python and server: their peaks of memory; the CPU time is that of both.",
    )


def _fill(storage: Database, shape: str, **sizes: int) -> None:
    with psycopg.connect(storage.url) as connection:
        cursor = connection.cursor()
        create_tables(cursor, "after" if shape == "after" else "before")
        fill_to_scale(cursor, **sizes)
        if shape == "scripted":
            run_older_script(cursor)


def _run_script(storage: Database) -> None:
    with psycopg.connect(storage.url) as connection:
        run_older_script(connection.cursor())


def _convert(storage: Database, *arguments: str) -> Cost:
    """Run the command; return its cost."""
    _checkpoint(storage)
    cpu = storage.cpu_seconds()
    server = PeakMemory()
    server.watch([storage.pid] if storage.pid else [])
    ran = run("benchmarks.workloads.legacy", {"arguments": arguments}, env=env_of(storage))
    cpu = storage.cpu_seconds() - cpu + ran.cpu_seconds
    return Cost(ran.seconds, cpu, ran.peak_bytes, server.stop())


def _copy(storage: Database, name: str, *, with_keys: bool) -> tuple[int, Cost]:
    """Copy the converted rows into identical tables; return the rows and the cost."""
    with psycopg.connect(storage.url) as connection:
        for table in TABLES:
            connection.execute(f"CREATE TABLE {name}_{table} (LIKE {table} INCLUDING ALL)")
            for key in _keys(connection, table) if with_keys else ():
                connection.execute(f"ALTER TABLE {name}_{table} ADD {key}")
    _checkpoint(storage)
    cpu = storage.cpu_seconds()
    with psycopg.connect(storage.url) as connection:
        started = time.perf_counter()
        copies = [f"INSERT INTO {name}_{table} SELECT * FROM {table}" for table in TABLES]
        rows = sum(connection.execute(copy).rowcount for copy in copies)
        connection.commit()
        seconds = time.perf_counter() - started
        return rows, Cost(seconds, storage.cpu_seconds() - cpu)


def _keys(connection: psycopg.Connection, table: str) -> list[str]:
    """Return the definitions of a table's foreign keys."""
    query = (
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype = 'f'"
    )
    return [key for (key,) in connection.execute(query, [table]).fetchall()]


def _checkpoint(storage: Database) -> None:
    """Run a checkpoint, if permitted, so that no run pays for the previous one's writes."""
    with (
        psycopg.connect(storage.url, autocommit=True) as connection,
        suppress(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CHECKPOINT")


def _cells(name: str, rows: int, bare: Cost, cost: Cost) -> list[str]:
    return [
        name,
        f"{cost.seconds:.1f} s",
        f"{rows / cost.seconds:,.0f}",
        ratio(cost.seconds, bare.seconds),
        f"{cost.cpu_seconds:.1f} s",
        ratio(cost.cpu_seconds, bare.cpu_seconds),
        megabytes(cost.python),
        megabytes(cost.server),
    ]
