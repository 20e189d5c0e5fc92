"""The conversion of legacy data, compared with a bare INSERT ... SELECT of the same rows."""

import time
from contextlib import suppress

import psycopg

from batches.tests.legacy.legacy_database import (
    Age,
    create_tables,
    fill_to_scale,
    run_older_script,
)
from benchmarks import database
from benchmarks.database import Database, env_of
from benchmarks.parts import Scale
from benchmarks.tables import megabytes, print_table, ratio
from benchmarks.usage import PeakMemory
from benchmarks.workload import Ran, run

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
# The shapes of older databases: as in the older system's dump, and before its script ran.
SHAPES: dict[Age, str] = {"after": "as in the dump", "before": "before the older script"}
COLUMNS = ("", "time", "rows/s", "of bare", "Python's peak", "server's peak")


def run_part(scale: Scale) -> None:
    """Fill older databases, convert and verify them in place, and make bare copies."""
    for age in SHAPES:
        _measure(age, scale)


def _measure(age: Age, scale: Scale) -> None:
    batches, jobs, domains = (scale.sites * each for each in (BATCHES, JOBS, DOMAINS))
    runs: dict[str, tuple[Ran, int]] = {}
    with database.postgres() as storage:
        _fill(storage, age, batches=batches, jobs=jobs, domains=domains)
        runs["conversion, verified"] = _convert(storage)
        runs["verification again"] = _convert(storage, "--verify")
        rows, bare = _copy(storage, "bare", with_keys=False)
        _, keyed = _copy(storage, "keyed", with_keys=True)
        if age == "before":
            _run_script(storage)
            runs["conversion after the script"] = _convert(storage)
    print_table(
        f"legacy: {batches:,} batches, {jobs:,} jobs, {domains:,} domains, {SHAPES[age]}",
        COLUMNS,
        [
            ["bare INSERT ... SELECT", *_speed(rows, bare, bare), "", ""],
            ["the same with foreign keys", *_speed(rows, keyed, bare), "", ""],
            *(_cells(name, rows, bare, *ran) for name, ran in runs.items()),
        ],
        f"In {storage.kind}, one transaction. {rows:,} rows written; the bare copy puts the same",
        "rows into tables with the same indexes and checks. The conversion also writes and indexes",
        "the id map; as a superuser it has foreign keys checked once a table, not row by row.",
    )


def _fill(storage: Database, age: Age, **sizes: int) -> None:
    with psycopg.connect(storage.url) as connection:
        cursor = connection.cursor()
        create_tables(cursor, age)
        fill_to_scale(cursor, **sizes)


def _run_script(storage: Database) -> None:
    with psycopg.connect(storage.url) as connection:
        run_older_script(connection.cursor())


def _convert(storage: Database, *arguments: str) -> tuple[Ran, int]:
    """Run the command; return its resource use, and the server's peak memory."""
    _checkpoint(storage)
    server = PeakMemory()
    server.watch([storage.pid] if storage.pid else [])
    ran = run("benchmarks.workloads.legacy", {"arguments": arguments}, env=env_of(storage))
    return ran, server.stop()


def _copy(storage: Database, name: str, *, with_keys: bool) -> tuple[int, float]:
    """Copy the converted rows into identical tables; return the rows and the seconds."""
    with psycopg.connect(storage.url) as connection:
        for table in TABLES:
            connection.execute(f"CREATE TABLE {name}_{table} (LIKE {table} INCLUDING ALL)")
            for key in _keys(connection, table) if with_keys else ():
                connection.execute(f"ALTER TABLE {name}_{table} ADD {key}")
    _checkpoint(storage)
    with psycopg.connect(storage.url) as connection:
        started = time.perf_counter()
        copies = [f"INSERT INTO {name}_{table} SELECT * FROM {table}" for table in TABLES]
        rows = sum(connection.execute(copy).rowcount for copy in copies)
        connection.commit()
        return rows, time.perf_counter() - started


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


def _speed(rows: int, seconds: float, bare: float) -> tuple[str, str, str]:
    return f"{seconds:.1f} s", f"{rows / seconds:,.0f}", ratio(seconds, bare)


def _cells(name: str, rows: int, bare: float, ran: Ran, server: int) -> list[str]:
    memory = (megabytes(ran.peak_bytes), megabytes(server))
    return [name, *_speed(rows, ran.seconds, bare), *memory]
