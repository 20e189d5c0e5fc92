"""Fixtures for tests of older databases, which only existed on PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection


@pytest.fixture
def legacy(db: None) -> Iterator[Any]:
    """Return a cursor of the default database, for older tables next to this system's own."""
    if connection.vendor != "postgresql":
        pytest.skip("the older system ran on PostgreSQL alone")
    with connection.cursor() as cursor:
        yield cursor
