"""The rows and clients of this package, created once per test file."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from scrapersky import health
from tests.access.world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Return the world; its transaction is rolled back at the end."""
    with (
        django_db_blocker.unblock(),
        transaction.atomic(),
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        # The rows of the world wait for a worker as long as the tests of a file take.
        for patience in ("QUEUE_PATIENCE", "WORK_PATIENCE"):
            monkeypatch.setattr(health, patience, timedelta(days=1))
        yield World()
        transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper(world: World) -> None:
    """Replace pytest-django's handling of the mark `django_db`.

    It would close the connection, and with it the world's transaction, after each test.
    """
