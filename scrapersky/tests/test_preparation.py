"""The first start creates what is missing, and changes nothing else."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import OperationalError
from django_q.models import Schedule

from batches.maintenance import MINUTE_KEEPER
from scrapersky.supervisor import preparation
from scrapersky.supervisor.parts import console_parts, mapped_hosts
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, Tenant, User
from scrapersky.tenants.services import create_first_account


@pytest.fixture
def fresh(settings: Any, tmp_path: Path) -> Path:
    """Return the path of the env file on a new machine."""
    settings.ENV_FILE = tmp_path / ".env"
    settings.SECRET_KEY_IS_SET = False
    return tmp_path / ".env"


def test_the_env_file_is_for_its_owner_alone(fresh: Path) -> None:
    assert preparation.make_env_file()
    assert fresh.stat().st_mode & 0o777 == 0o600
    names = dict(line.split("=", 1) for line in fresh.read_text().splitlines() if line[0] != "#")
    assert len(names["SECRET_KEY"]) > 50
    assert names["HTTPS"] == "false"


def test_an_env_file_that_exists_is_left_alone(fresh: Path) -> None:
    fresh.write_text("SECRET_KEY=mine\n")
    assert not preparation.make_env_file()
    assert fresh.read_text() == "SECRET_KEY=mine\n"


def test_an_installation_that_the_environment_configures_gets_no_file(
    fresh: Path, settings: Any
) -> None:
    settings.SECRET_KEY_IS_SET = True
    assert not preparation.make_env_file()
    assert not fresh.exists()


def test_no_file_is_made_where_none_is_wanted(fresh: Path, settings: Any) -> None:
    settings.ENV_FILE = None
    assert not preparation.make_env_file()


def test_a_file_that_cannot_be_written_is_said_in_a_sentence(settings: Any, fresh: Path) -> None:
    settings.ENV_FILE = fresh.parent / "missing" / ".env"
    with pytest.raises(CommandError, match=r"\.env cannot be written: No such file or directory\."):
        preparation.make_env_file()


def test_a_taken_port_is_said_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as caught:
            preparation.listen("127.0.0.1", port)
    assert str(caught.value) == (
        f"Port {port} of 127.0.0.1 cannot be used (address already in use): choose another"
        f" address, as in `PORT={port + 1} make run`."
    )


def test_a_host_that_is_not_ours_is_said_in_a_sentence() -> None:
    with pytest.raises(CommandError, match=r"Port 8000 of 192\.0\.2\.1 cannot be used"):
        preparation.listen("192.0.2.1", 8000)


@pytest.mark.django_db
def test_the_first_account_may_do_everything(default_tenant: Tenant) -> None:
    account = create_first_account()
    assert account is not None
    user = User.objects.get(username="admin")
    assert account[0] == "admin"
    assert user.check_password(account[1])
    assert user.is_superuser
    membership = Membership.objects.get(user=user)
    assert (membership.tenant_id, membership.role) == (DEFAULT_TENANT_ID, "admin")


@pytest.mark.django_db
def test_no_account_is_created_if_one_has_a_password(user: User) -> None:
    user.is_active = False
    user.set_password("long enough for a test")
    user.save()
    assert create_first_account() is None
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("username", ["ann@acme.example", "admin"])
def test_an_account_is_created_beside_those_of_the_older_system(
    username: str, default_tenant: Tenant
) -> None:
    User.objects.create(username=username, password="!imported", is_active=False)
    account = create_first_account()
    assert account is not None
    created = User.objects.exclude(username=username).get(username__startswith="admin")
    assert created.username == account[0]
    assert created.check_password(account[1])


def test_a_database_that_is_away_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **options: Any) -> None:
        raise OperationalError("connection refused\n\tIs the server running?")

    monkeypatch.setattr(preparation, "MigrationExecutor", away)
    with pytest.raises(CommandError) as caught:
        preparation.prepare_database()
    assert str(caught.value) == (
        "The database cannot be used: connection refused Is the server running?"
    )


@pytest.mark.django_db
def test_a_start_without_migrations_restores_what_follows_them_and_builds_no_models(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise AssertionError("There is nothing to migrate.")

    monkeypatch.setattr(preparation, "call_command", refuse)
    Schedule.objects.all().delete()
    assert preparation.prepare_database() is None
    assert Schedule.objects.filter(name=MINUTE_KEEPER).exists()


def test_the_demo_sites_are_added_to_a_host_map_of_ones_own(settings: Any) -> None:
    settings.SCAN_HOST_MAP = (("intern.test", "10.0.0.1:80"),)
    assert mapped_hosts(81, 82).startswith("intern.test=10.0.0.1:80,expired.demo.test=127.0.0.1:")


def test_the_other_processes_of_the_console_start_after_the_first_has_responded() -> None:
    with socket.socket() as listening:
        parts = console_parts(listening, {}, may_start=lambda: False)
    assert [part.is_due() for part in parts] == [True, False]


# Needed by scans, exports, the API, the admin or PostgreSQL, and each takes a while to load.
HEAVY = {
    *("phonenumbers", "xlsxwriter", "chardet", "scans.engine.scanner", "selectolax"),
    *("scrapersky.api", "ninja", "scans.admin", "psycopg", "redis"),
}
LOAD = f"""
import sys, scrapersky.wsgi, batches.management.commands.up
from django.test import Client
assert Client().get("/login/", headers={{"host": "localhost"}}).status_code == 200
print(*{HEAVY} & set(sys.modules))
"""


def test_up_and_the_login_page_need_no_engine_api_admin_driver_or_redis(tmp_path: Path) -> None:
    env = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'data.sqlite3'}",
        "SECRET_KEY": "a key for this test alone, long enough for the checks of Django",
        "HTTPS": "false",
    }
    command = [sys.executable, "-c", LOAD]
    run = subprocess.run(
        command, env=env, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == ""
