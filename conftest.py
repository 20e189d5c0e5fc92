"""Fixtures for every test of the project."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
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

# Files and folders that `--fast` leaves out: real processes, browsers and large lists, and tests
# that request every address as every role.
SLOW = {
    Path(__file__).parent / path
    for path in (
        "batches/tests/legacy",
        "batches/tests/test_building.py",
        "batches/tests/test_large_lists.py",
        "batches/tests/test_pool.py",
        "benchmarks",
        "scans/engine/tests/test_child.py",
        "scans/engine/tests/test_engine_import.py",
        "scans/engine/tests/test_hostile_sites.py",
        "scans/engine/tests/test_list_archives.py",
        "scans/engine/tests/test_probe.py",
        "scans/tests/test_list_plans.py",
        "scrapersky/tests/test_preparation.py",
        "scrapersky/tests/test_supervisor.py",
        "scrapersky/web_server",
        "tests/access",
        "tests/browser",
        "tests/concurrency",
        "tests/test_demo.py",
        "tests/test_export_round_trips.py",
        "tests/test_inference.py",
        "tests/test_intake_processes.py",
        "tests/test_list_outputs.py",
        "tests/test_private_files.py",
        "tests/test_project.py",
        "tests/test_untrusted_input.py",
        "tests/test_up.py",
    )
}
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="leave out slow tests")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read files of slow tests; return None to leave the decision to others."""
    return True if config.getoption("--fast") and collection_path in SLOW else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out slow tests, and leave what uses no database to the run on SQLite."""
    left_out = [item for item in items if not _belongs_to_run(item, config)]
    if left_out:
        items[:] = [item for item in items if _belongs_to_run(item, config)]
        config.hook.pytest_deselected(items=left_out)


def _belongs_to_run(item: pytest.Item, config: pytest.Config) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    mark = item.get_closest_marker("django_db")
    commits = bool({"transactional_db", "live_server"} & fixtures) or bool(
        mark and mark.kwargs.get("transaction")
    )
    if config.getoption("--fast") and commits:
        return False
    return connection.vendor == "sqlite" or commits or "db" in fixtures or mark is not None
