"""Fixtures for tests of older databases, which only existed on PostgreSQL."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from batches.tests.legacy.databases import another_database
from batches.tests.legacy.installations import Installation, role


@pytest.fixture
def legacy(db: None) -> Iterator[Any]:
    """Return a cursor of the default database, for older tables next to this system's own."""
    if connection.vendor != "postgresql":
        pytest.skip("the older system ran on PostgreSQL alone")
    with connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def place() -> Iterator[Installation]:
    """Return an empty database whose owner is not a superuser."""
    if connection.vendor != "postgresql" or not is_superuser():
        pytest.skip("needs a PostgreSQL on which roles can be created")
    server = os.environ["TEST_DATABASE_URL"]
    with role(server) as owner, another_database() as url:
        installation = Installation(server, url, owner)
        installation.sql(f"GRANT ALL ON SCHEMA public TO {owner}")
        installation.sql(f'GRANT ALL ON DATABASE "{urlsplit(url).path[1:]}" TO {owner}')
        yield installation
        installation.sql(f"DROP OWNED BY {owner} CASCADE")


@pytest.fixture
def reader(place: Installation) -> Iterator[str]:
    """Return a role that may read the schema public of the database."""
    with role(place.server) as name:
        place.sql(f"GRANT USAGE ON SCHEMA public TO {name}")
        place.sql(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {name}")
        place.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
        yield name
        place.sql(f"DROP OWNED BY {name} CASCADE")


def is_superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')")
        return cursor.fetchone()[0] == "on"
