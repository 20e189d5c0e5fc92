"""The rows and browsers of the whole package, created once for each file of tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.access.world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Return the world; the transaction that holds it is rolled back in the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper(world: World) -> None:
    """Replace what pytest-django does for the mark `django_db` around each test.

    It would close the connection after each test, and the transaction of the world with it.
    """
