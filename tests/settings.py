"""Settings of the tests, on SQLite: the project's own, of which the user's environment is no part.

`pytest` runs on SQLite, `pytest --ds=tests.settings_postgres` on PostgreSQL.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def forget_environment() -> None:
    """Drop every name that `settings.py` would read, so that no test meets the user's data."""
    example = Path(__file__).resolve().parent.parent / ".env.example"
    lines = example.read_text().splitlines()
    names = {line.lstrip("# ").partition("=")[0] for line in lines if "=" in line}
    for name in names - {"TEST_DATABASE_URL"}:
        os.environ.pop(name, None)
    os.environ["ENV_FILE"] = ""


def shared_directory() -> Path:
    """Return the directory of this test run, one for all of its processes."""
    if "TEST_RUN_DIRECTORY" not in os.environ:
        made = tempfile.mkdtemp(prefix="scrapersky-tests-")
        os.environ["TEST_RUN_DIRECTORY"] = made
        atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(os.environ["TEST_RUN_DIRECTORY"])


DIRECTORY = shared_directory()
forget_environment()
os.environ["SECRET_KEY"] = "the tests' own key, which protects nothing but the tests' own data"
os.environ["HTTPS"] = "false"
os.environ["DATABASE_URL"] = f"sqlite:///{DIRECTORY / 'unused.sqlite3'}"

from scrapersky.settings import *  # noqa: E402, F403
from scrapersky.settings import DATABASES  # noqa: E402

# A file, not memory: tests of concurrency connect from several threads and processes.
DATABASES["default"]["TEST"] = {"NAME": str(DIRECTORY / "tests.sqlite3")}
# Every stored password would cost a quarter of a second.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
