"""Additional databases for a test, on the test database's server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from tests.migrated import copy_migrated_postgres
from tests.postgres import drop_database

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def another_database() -> Iterator[str]:
    """Create an empty database and yield its URL."""
    server = os.environ["TEST_DATABASE_URL"]
    name = f"legacy_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def migrated_database() -> Iterator[str]:
    """Make a database with the tables of this system alone; yield its URL."""
    server = os.environ["TEST_DATABASE_URL"]
    name = f"legacy_{uuid4().hex}"
    try:
        yield copy_migrated_postgres(server, name)
    finally:
        drop_database(server, name)


def manage(url: str, *arguments: str) -> str:
    """Run `manage.py` on a database like an operator; return its output."""
    env = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "scrapersky.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
