"""What holds for the project as a whole: its settings, its migrations, its habits."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

BASE = Path(__file__).resolve().parent.parent
READS = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with an environment that holds nothing else of ours."""
    names = ("PATH", "HOME", "LANG")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(
        [sys.executable, str(BASE / "manage.py"), *arguments],
        env={**kept, "ENV_FILE": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_lists_every_name_that_the_settings_read() -> None:
    read = set(READS.findall((BASE / "scrapersky" / "settings.py").read_text()))
    example = (BASE / ".env.example").read_text()
    listed = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    assert len(read) > 20
    assert listed == read | {"TEST_DATABASE_URL"}


def test_the_production_settings_pass_every_check(tmp_path: Path) -> None:
    done = manage(
        "check",
        "--deploy",
        "--fail-level",
        "INFO",
        SECRET_KEY="k" * 25 + "0123456789abcdefghijklmnopqrstuvwxyz",
        ALLOWED_HOSTS="console.example.com",
        DATABASE_URL=f"sqlite:///{tmp_path / 'unused.sqlite3'}",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_a_wrong_value_stops_the_start_with_its_name(tmp_path: Path) -> None:
    done = manage("check", SECRET_KEY="key", SCAN_READ_TIMEOUT="soon")
    assert done.returncode == 1
    assert done.stderr == (
        "SCAN_READ_TIMEOUT='soon' cannot be used: expected a number from 0.1 to 120.\n"
    )


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_tests_read_nothing_of_the_users_environment() -> None:
    program = "from tests import settings; print(settings.DATABASES, settings.SCAN_READ_TIMEOUT)"
    users = {"DATABASE_URL": "postgres://user@production/data", "SCAN_READ_TIMEOUT": "99"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=BASE,
        env={"PATH": os.environ["PATH"], **users},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "production" not in done.stdout
    assert done.stdout.endswith(" 15\n")


def test_every_requirement_is_pinned() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (BASE / name).read_text().splitlines()
        wanted = [line for line in lines if line and not line.startswith(("#", "-r"))]
        assert wanted
        assert [line for line in wanted if "==" not in line] == []
