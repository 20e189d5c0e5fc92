"""A separate PostgreSQL for these tests, with an installation for each."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from batches.tests.sites import Sites, serve
from tests.concurrency.installation import Installation, pointed_at
from tests.migrated import fill_empty_postgres
from tests.postgres import EmbeddedPostgres
from tests.settings import DIRECTORY

Install = Callable[..., Installation]


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """Start a server with a migrated template database."""
    postgres = EmbeddedPostgres(DIRECTORY / f"own-{os.getpid()}")
    fill_empty_postgres(postgres.create_database("migrated"))
    yield postgres
    postgres.stop()


@pytest.fixture
def web() -> Iterator[Sites]:
    """Serve `*.site.test` on loopback."""
    with serve() as sites:
        yield sites


@pytest.fixture
def database(server: EmbeddedPostgres) -> str:
    """Return the URL of a migrated database for one test."""
    return server.create_database(uuid.uuid4().hex, template="migrated")


@pytest.fixture
def install(
    database: str, web: Sites, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Install]:
    """Return a function that creates an installation and points Django to its database."""
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())

        def make(**environment: str) -> Installation:
            stack.enter_context(pointed_at(database))
            return stack.enter_context(Installation(database, tmp_path, web, **environment))

        yield make
