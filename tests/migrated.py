"""A migrated SQLite file, created once per run, for tests that start processes."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.settings import DIRECTORY

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
_TEMPLATE = DIRECTORY / "migrated.sqlite3"


def copy_migrated_database(path: Path) -> Path:
    """Write a migrated database without accounts to `path`; return `path`."""
    with (DIRECTORY / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _TEMPLATE.exists():
            _create()
    shutil.copy(_TEMPLATE, path)
    return path


def _create() -> None:
    unfinished = _TEMPLATE.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "SECRET_KEY": "the tests' own",
        "DATABASE_URL": f"sqlite:///{unfinished}",
    }
    command = [sys.executable, str(MANAGE), "migrate", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True)
    unfinished.rename(_TEMPLATE)
