"""Settings of the tests, on PostgreSQL: at TEST_DATABASE_URL, or else an embedded one."""

import os

from scrapersky import env
from tests.postgres import start_postgres
from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, DIRECTORY

if not os.environ.get("TEST_DATABASE_URL"):
    # Set before pytest-xdist starts its workers, which inherit it and share the server.
    os.environ["TEST_DATABASE_URL"] = start_postgres(DIRECTORY / "postgres")

DATABASES["default"] = env.database("TEST_DATABASE_URL")
