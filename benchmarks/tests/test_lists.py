"""The part of lists names the reads that miss the target."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from benchmarks import database
from benchmarks.parts.lists import print_lists


def timed(query: str, *, p95: float, rows: int = 50, **others: Any) -> dict[str, Any]:
    times = {"median": p95 / 2, "p95": p95, "cpu": p95 / 2, "rows": rows, "is_stopped": False}
    return {"query": query, **times, "deep": None, **others}


def test_reads_of_a_full_page_above_the_target_are_counted_and_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    timings = {
        "domains": [
            timed("", p95=0.01, deep=timed("", p95=0.3)),
            timed("verdict=ok", p95=0.2),
            timed("status=failed", p95=0.5, rows=3),
            timed("words=x", p95=2.0, rows=0, is_stopped=True),
        ],
        "console": [timed("/", p95=0.02)],
    }
    print_lists("SQLite", {"rows": {"domains": 1_000}, "filled": 2, "timings": timings}, 0.1)
    *_, summary = capsys.readouterr().out.split("\n\n")
    printed = " ".join(summary.split())
    assert "2 of 3 reads of a full page miss the target" in printed
    assert "domains? page 1,000; domains?verdict=ok." in printed


def test_a_kept_database_still_has_its_rows_in_the_next_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(database, "migrate", lambda url: None)
    for expected in (1, 2):
        with database.kept_sqlite(tmp_path, "lists") as kept:
            connection = sqlite3.connect(kept.url.removeprefix("sqlite:///"))
            connection.execute("CREATE TABLE IF NOT EXISTS runs (number INTEGER)")
            connection.execute("INSERT INTO runs VALUES (1)")
            connection.commit()
            assert connection.execute("SELECT count(*) FROM runs").fetchone() == (expected,)
            connection.close()
