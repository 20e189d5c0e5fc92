"""Fixtures for every test of the project."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule
from hypothesis import HealthCheck, settings

from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, Tenant, User

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
