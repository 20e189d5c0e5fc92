"""SQLite gives the same guarantees with several processes on one file."""

from pathlib import Path

import pytest

from tests.concurrency.conftest import Install
from tests.concurrency.scenarios import deaths, order
from tests.migrated import copy_migrated_database


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{copy_migrated_database(tmp_path / 'data.sqlite3')}"


def test_random_kills_lose_nothing_and_double_nothing(install: Install) -> None:
    kinds = ("scanning process", "shift", "whole host")
    deaths.random_kills(install(), kinds, hosts=2, jobs=300, strikes=3, within=120)


def test_pause_holds_and_resume_goes_on(install: Install) -> None:
    order.pause_and_resume(install(), jobs=100, within=120)
