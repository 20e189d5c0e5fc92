"""Random legacy databases with colliding and dangling ids are converted as the rules say."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from batches.legacy import conversion, reversal
from batches.models import Batch, Job, LegacyId
from batches.tests.legacy.legacy_database import create_tables, insert
from batches.tests.legacy.legacy_ids import uid
from batches.tests.legacy.random_database import Expected, LegacyRows, part_of, random_rows
from scans.models import Domain

pytestmark = pytest.mark.django_db
SEEDS = range(4)
OURS = (LegacyId, Batch, Job, Domain)


@pytest.fixture(params=SEEDS)
def rows(request: pytest.FixtureRequest, legacy: Any) -> LegacyRows:
    """Return the rows of a created database; every other one is "after" the script."""
    older = random_rows(request.param, "after" if request.param % 2 else "before")
    create_tables(legacy, older.age)
    for table, some in older.tables().items():
        for row in some:
            insert(legacy, older.age, table, row)
    return older


def checksums(cursor: Any, tables: list[str]) -> list[Any]:
    """Return the rows of each table as one checksum."""
    sums = []
    for table in tables:
        cursor.execute(f"SELECT md5(string_agg(md5(x::text), '' ORDER BY x::text)) FROM {table} x")
        sums.append(cursor.fetchone())
    return sums


def ours(cursor: Any) -> list[Any]:
    return checksums(cursor, [model._meta.db_table for model in OURS])


def test_ids_and_references_become_what_the_rules_say(rows: LegacyRows) -> None:
    conversion.convert(connection, apps)
    expected = Expected(rows)
    batches = Batch.objects.filter(legacy_id__isnull=False)
    assert dict(batches.values_list("legacy_id", "pk")) == expected.batches
    assert dict(Job.objects.values_list("legacy_id", "pk")) == expected.jobs
    parents = dict(Job.objects.values_list("legacy_id", "batch_id"))
    for job in rows.jobs:
        assert parents[job["id"]] in expected.parents(job["batch_id"])


def test_one_reference_means_one_batch(rows: LegacyRows) -> None:
    conversion.convert(connection, apps)
    meant: dict[str, Any] = {}
    parents = dict(Job.objects.values_list("legacy_id", "batch_id"))
    for job in rows.jobs:
        parent = parents[job["id"]]
        assert meant.setdefault(job["batch_id"], parent) == parent


def test_every_stored_id_finds_its_batch(rows: LegacyRows) -> None:
    conversion.convert(connection, apps)
    expected = Expected(rows)
    for batch in rows.batches:
        text = str(batch["batch_id"] or "")
        if text.strip():
            parent = Batch.objects.find(text)
            # A row's own UUID leads to that row, even if it was once another row's name.
            assert parent.pk in expected.parents(text) or str(parent.pk) == text


def test_counters_are_those_of_the_jobs(rows: LegacyRows) -> None:
    conversion.convert(connection, apps)
    for batch in Batch.objects.filter(jobs__isnull=False).distinct():
        ends = list(batch.jobs.values_list("status", flat=True))
        counted = [ends.count(word) for word in ("complete", "failed", "cancelled")]
        assert [batch.completed, batch.failed, batch.cancelled] == counted
        assert batch.total == len(ends)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
def test_a_string_of_several_rows_means_the_first_though_another_has_its_uuid(
    legacy: Any, order: tuple[int, ...]
) -> None:
    one = uid("b", 1)
    create_tables(legacy, "before")
    texts = (str(one), f"batch_{one.hex}", f"batch_{one.hex}")
    for minute, number, text in reversed(list(zip(range(3), order, texts, strict=True))):
        created = f"2025-01-01 10:0{minute}:00"
        row = {"id": number, "batch_id": text, "created_at": created, "updated_at": created}
        insert(legacy, "before", "batch_jobs", row)
    job = {"id": 1, "job_id": "j", "batch_id": texts[1]}
    insert(legacy, "before", "jobs", job)
    conversion.convert(connection, apps)
    assert Batch.objects.find(str(one)).legacy_id == order[0]
    assert Batch.objects.find(texts[1]).legacy_id == order[1]
    assert Job.objects.select_related("batch").get().batch == Batch.objects.find(texts[1])


@pytest.mark.parametrize("seed", range(12))
def test_rows_that_come_in_parts_are_equal_after_each(legacy: Any, seed: int) -> None:
    rows = random_rows(seed, "after" if seed % 2 else "before")
    create_tables(legacy, rows.age)
    for part in part_of(rows, 3, seed):
        for table, some in part.items():
            for row in some:
                insert(legacy, rows.age, table, row)
        outcome = conversion.convert(connection, apps)
        assert outcome.since is None or outcome.since.faults == []
        assert conversion.check(connection, apps).faults == []
        assert conversion.convert(connection, apps).converted == 0
    assert Job.objects.filter(legacy_id__isnull=False).count() == len(rows.jobs)
    assert Batch.objects.filter(legacy_id__isnull=False).count() == len(rows.batches)


def test_again_back_and_forward_come_to_the_same(rows: LegacyRows, legacy: Any) -> None:
    old, empty = checksums(legacy, list(rows.tables())), ours(legacy)
    conversion.convert(connection, apps)
    converted = ours(legacy)
    assert conversion.check(connection, apps).faults == []
    assert conversion.convert(connection, apps).converted == 0
    assert ours(legacy) == converted
    reversal.reverse(connection, apps)
    assert ours(legacy) == empty
    conversion.convert(connection, apps)
    assert ours(legacy)[1:] == converted[1:]  # the map has ids of its own
    assert checksums(legacy, list(rows.tables())) == old
