"""One migrated database per run; whatever needs all tables takes a copy of it.

Migrating costs eight seconds of CPU, a copy a tenth of one.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import (
    create_database,
    drop_database,
    dump_database,
    has_database,
    rename_database,
    restore_database,
)
from tests.settings import DIRECTORY

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
_TEMPLATE = DIRECTORY / "migrated.sqlite3"
_POSTGRES_TEMPLATE = f"{DIRECTORY.name}-migrated"
_POSTGRES_DUMP = DIRECTORY / "migrated.dump"


def copy_migrated_database(path: Path) -> Path:
    """Write an SQLite database with all tables and no account to `path`, and return `path`."""
    with _locked():
        if not _TEMPLATE.exists():
            unfinished = _TEMPLATE.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            _migrate(f"sqlite:///{unfinished}")
            unfinished.rename(_TEMPLATE)
    shutil.copy(_TEMPLATE, path)
    return path


def copy_migrated_postgres(server: str, name: str) -> str:
    """Create the database `name` with all tables on the server at a URL; return its URL."""
    with _locked():
        if not has_database(server, _POSTGRES_TEMPLATE):
            unfinished = f"{_POSTGRES_TEMPLATE}-unfinished"
            drop_database(server, unfinished)
            _migrate(create_database(server, unfinished))
            rename_database(server, unfinished, _POSTGRES_TEMPLATE)
        return create_database(server, name, template=_POSTGRES_TEMPLATE)


def fill_empty_postgres(url: str) -> None:
    """Create all tables in an empty database, on a server that has no template."""
    with _locked():
        if _POSTGRES_DUMP.exists():
            restore_database(_POSTGRES_DUMP, url)
        else:
            _migrate(url)
            dump_database(url, _POSTGRES_DUMP)


def drop_postgres_template(server: str) -> None:
    """Drop what copies were made of, at the end of a run."""
    drop_database(server, _POSTGRES_TEMPLATE)


@contextmanager
def _locked() -> Iterator[None]:
    with (DIRECTORY / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(url: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "SECRET_KEY": "the tests' own",
        "DATABASE_URL": url,
    }
    command = [sys.executable, str(MANAGE), "migrate", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True)
