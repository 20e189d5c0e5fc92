"""The first conversion of many rows builds indexes after the rows if no one else is connected."""

import re
from typing import Any

import pytest
from django.db import connection

from batches.legacy import indexes
from batches.models import Batch, Job
from batches.tests.legacy.converted import check, convert, reverse_conversion
from batches.tests.legacy.legacy_database import build
from batches.tests.legacy.legacy_ids import uid

INDEXES = """
SELECT indexrelid::regclass::text, indexrelid, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid IN ('batches_batch'::regclass, 'batches_job'::regclass, 'scans_domain'::regclass)"""
# PostgreSQL shows the casts of a condition in another place once its text has been read again.
CASTS = re.compile(r"::[a-z ]+(\[\])?|[()]")


@pytest.fixture
def older(legacy: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a cursor of the default database; its older tables count as large ones."""
    monkeypatch.setattr(indexes, "MANY", 0)
    build(legacy, "after")
    return legacy


def current(cursor: Any) -> dict[str, tuple[int, str]]:
    """Return each index with its identity in the database and its definition."""
    cursor.execute(INDEXES)
    return {name: (oid, CASTS.sub("", text)) for name, oid, text in cursor.fetchall()}


def rebuilt(cursor: Any, before: dict[str, tuple[int, str]]) -> set[str]:
    """Return the indexes built anew since `before`; all must have kept their definitions."""
    after = current(cursor)
    assert {name: text for name, (_, text) in after.items()} == {
        name: text for name, (_, text) in before.items()
    }
    return {name for name in before if before[name] != after[name]}


def test_the_first_conversion_builds_indexes_anew_as_they_were(older: Any) -> None:
    before = current(older)
    convert()
    names = rebuilt(older, before)
    assert {"job_in_order", "domain_by_best_email", "batch_newest"} <= names
    assert not names & {"batches_job_pkey", "job_once_a_batch", "job_legacy_id"}
    assert (Batch.objects.count(), Job.objects.count()) == (53, 66)
    assert check().faults == []


def test_a_dry_run_leaves_the_indexes_as_they_are(older: Any) -> None:
    before = current(older)
    convert(dry_run=True)
    assert rebuilt(older, before) == set()


def test_a_later_run_and_a_reversal_leave_the_indexes_alone(
    older: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "FEW", 10)
    convert()
    before = current(older)
    older.execute(
        "INSERT INTO batch_jobs (id, id_uuid, status) VALUES (9001, %s, 'done')", [uid("b", 8)]
    )
    convert()
    assert Batch.objects.filter(legacy_id=9001).exists()
    reverse_conversion()
    assert rebuilt(older, before) == set()


def test_indexes_are_kept_while_someone_else_is_connected(older: Any) -> None:
    before = current(older)
    console = connection.copy()
    console.ensure_connection()
    try:
        convert()
    finally:
        console.close()
    assert rebuilt(older, before) == set()
    assert check().faults == []


def test_a_few_rows_are_entered_one_by_one(older: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MANY", 1_000_000)
    before = current(older)
    convert()
    assert rebuilt(older, before) == set()
