"""Fixtures for every test of the project."""

import os
from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone
from django_q.models import Schedule
from django_test_migrations.migrator import Migrator
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, Tenant, User
from tests.databases import connect_to_copy, destroy_copy, undo_commits
from tests.migrated import drop_postgres_template

# The speed of generating examples says nothing about the code. "project" always tries the same
# examples, so that failures relate to the change under test; `--hypothesis-profile random` tries
# others.
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("project", settings.get_profile("random"), derandomize=True)
settings.load_profile("project")

# Folders that have no test for another run (see `pytest_collection_modifyitems` here and of the
# browser): to read them would take as long as many tests.
collect_ignore = (
    [] if connection.vendor == "sqlite" else ["benchmarks", "scans/engine", "tests/browser"]
)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Give this process a database of its own, a copy of the migrated one of the run."""
    with django_db_blocker.unblock():
        connect_to_copy()
    with patch.object(TransactionTestCase, "_fixture_teardown", undo_commits):
        yield
    with django_db_blocker.unblock():
        destroy_copy()


@pytest.fixture
def migrator(transactional_db: None) -> Iterator[Migrator]:
    """Return what migrates to and fro; afterwards the process gets a new copy."""
    yield Migrator()
    destroy_copy()
    connect_to_copy()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drop what copies were made of, after the last process has ended."""
    if connection.vendor == "postgresql" and not hasattr(config, "workerinput"):
        drop_postgres_template(os.environ["TEST_DATABASE_URL"])


@pytest.fixture
def default_tenant(db: None) -> Tenant:
    """Return the default tenant of every installation."""
    tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    return tenant


@pytest.fixture
def other_tenant(db: None) -> Tenant:
    """Return a tenant of which `user` is not a member."""
    return Tenant.objects.create(name="Another organisation")


@pytest.fixture
def user(default_tenant: Tenant) -> User:
    """Return a member of the default tenant."""
    return member_of(default_tenant, "member")


@pytest.fixture
def stranger(other_tenant: Tenant) -> User:
    """Return a member of another tenant."""
    return member_of(other_tenant, "stranger")


@pytest.fixture
def console(user: User) -> Client:
    """Return a client in which `user` is logged in."""
    client = Client()
    client.force_login(user)
    return client


def member_of(tenant: Tenant, username: str) -> User:
    member = User.objects.create_user(username, f"{username}@example.com", "secret")
    Membership.objects.create(user=member, tenant=tenant, role=Membership.Role.MEMBER)
    return member


@pytest.fixture
def schedules_on_time(db: None) -> None:
    """Make all schedules on time, as if a cluster were running."""
    Schedule.objects.update(next_run=timezone.now() + timedelta(hours=1))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests without a database, except in the run on SQLite."""
    if connection.vendor == "sqlite":
        return
    elsewhere = [item for item in items if not uses_database(item)]
    items[:] = [item for item in items if uses_database(item)]
    config.hook.pytest_deselected(items=elsewhere)


def uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None
