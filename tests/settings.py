"""Settings of the tests, on SQLite: the project's settings without the user's environment.

`pytest` runs on SQLite, `pytest --ds=tests.settings_postgres` on PostgreSQL.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from scrapersky import env


def shared_directory() -> Path:
    """Return the directory of this test run, shared by all of its processes."""
    if "TEST_RUN_DIRECTORY" not in os.environ:
        directory = tempfile.mkdtemp(prefix="scrapersky-tests-")
        os.environ["TEST_RUN_DIRECTORY"] = directory
        atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return Path(os.environ["TEST_RUN_DIRECTORY"])


DIRECTORY = shared_directory()
test_database = os.environ.get("TEST_DATABASE_URL", "")
TEST_REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/0"
env.forget(Path(__file__).resolve().parent.parent / ".env.example")
os.environ["TEST_DATABASE_URL"] = test_database
os.environ["SECRET_KEY"] = "the tests' own key, which protects nothing but the tests' own data"
os.environ["HTTPS"] = "false"
os.environ["DATABASE_URL"] = f"sqlite:///{DIRECTORY / 'unused.sqlite3'}"

from scrapersky.settings import *  # noqa: E402, F403
from scrapersky.settings import DATABASES  # noqa: E402

# A file rather than memory, because concurrency tests connect from several threads and processes.
DATABASES["default"]["TEST"] = {"NAME": str(DIRECTORY / "tests.sqlite3")}
# Look static files up when they are requested, not in every new test client.
WHITENOISE_AUTOREFRESH = True
# A slow hasher would take a quarter of a second per password.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

EXPORT_DIR = str(DIRECTORY / "exports")
STATIC_ROOT = DIRECTORY / "static"
