"""The commands in docs/migrating.md print what the page shows, in order."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from batches.tests.legacy.databases import ROOT, another_database, manage
from batches.tests.legacy.legacy_database import build

pytestmark = pytest.mark.django_db

PAGE = (ROOT / "docs" / "migrating.md").read_text()
PROMPT = "$ .venv/bin/python manage.py "


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return an empty database, and an older one."""
    if connection.vendor != "postgresql":
        pytest.skip("the older system ran on PostgreSQL alone")
    with another_database() as older, another_database() as url:
        with psycopg.connect(older) as opened:
            build(opened.cursor(), "after")
        monkeypatch.setenv("LEGACY_DATABASE_URL", older)
        yield url


def commands() -> list[tuple[str, list[str]]]:
    """Return the commands on the page with the output shown for each."""
    text = "\n".join(re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL))
    parts = [part.splitlines() for part in text.split(PROMPT) if part]
    return [(lines[0], [line for line in lines[1:] if line != "..."]) for lines in parts]


def test_the_page_can_be_followed_word_for_word(target: str, tmp_path: Path) -> None:
    followed = commands()
    assert len(followed) >= 10
    for command, shown in followed:
        words = [str(tmp_path / w) if w.endswith(".csv") else w for w in command.split()]
        printed = manage(target, *words).splitlines()
        for line in shown:
            start = line.removesuffix("...").rstrip()
            assert any(text.startswith(start) for text in printed), (command, line, printed)
    report = (tmp_path / "dry-run.csv").read_text().splitlines()
    [shown_report] = re.findall(r"```\n(what,kind.*?)```", PAGE, re.DOTALL)
    assert [line for line in shown_report.splitlines() if line not in report] == []
