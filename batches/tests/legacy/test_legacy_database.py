"""The fixture contains every form of id, in installations of every age."""

from typing import Any

import pytest
from django.db import connection

from batches.tests.legacy.legacy_database import TABLES, Age, build, drop, fill_to_scale
from batches.tests.legacy.legacy_ids import BATCHES, JOBS, uid

pytestmark = pytest.mark.django_db


def column(cursor: Any, query: str) -> list[Any]:
    cursor.execute(query)
    return [value for (value,) in cursor.fetchall()]


@pytest.mark.parametrize("age", ["old", "before", "after"])
def test_a_database_of_every_age_is_built_and_dropped(legacy: Any, age: Age) -> None:
    before = set(connection.introspection.table_names(legacy))
    build(legacy, age)
    assert set(connection.introspection.table_names(legacy)) == before | set(TABLES)
    assert all(column(legacy, f"SELECT count(*) FROM {table}") != [0] for table in TABLES)
    drop(legacy)
    assert set(connection.introspection.table_names(legacy)) == before


def test_before_the_script_every_id_is_a_string(legacy: Any) -> None:
    build(legacy, "before")
    others = "SELECT batch_id FROM batch_jobs WHERE id < 100 OR id > 300 ORDER BY id"
    assert column(legacy, others) == [batch.text for batch in BATCHES]
    texts = column(legacy, "SELECT job_id FROM jobs WHERE id < 500 ORDER BY id")
    assert texts == [job.text for job in sorted(JOBS, key=lambda job: job.number)
                     if "before" in job.ages]  # fmt: skip


def test_after_the_script_ids_are_uuids_and_references_still_strings(legacy: Any) -> None:
    build(legacy, "after")
    [minted] = column(legacy, "SELECT batch_id FROM batch_jobs WHERE id = 12")
    assert minted == uid("f", 12)
    assert column(legacy, "SELECT batch_id FROM jobs WHERE id = 12") == ["test-batch"]


def test_an_old_installation_may_have_batches_alone(legacy: Any) -> None:
    build(legacy, "old", ["batch_jobs"])
    assert set(TABLES) & set(connection.introspection.table_names(legacy)) == {"batch_jobs"}


@pytest.mark.parametrize("age", ["before", "after"])
def test_rows_are_added_to_scale(legacy: Any, age: Age) -> None:
    build(legacy, age)
    before = {table: column(legacy, f"SELECT count(*) FROM {table}")[0] for table in TABLES}
    fill_to_scale(legacy, batches=200, jobs=1_000, domains=400)
    added = {"batch_jobs": 200, "jobs": 1_000, "domains": 400}
    for table in TABLES:
        count = column(legacy, f"SELECT count(*) FROM {table}")[0]
        assert count == before[table] + added.get(table, 0)
    twice = "SELECT count(*) FROM (SELECT batch_id, domain_id FROM jobs WHERE id >= 10000000 " \
        "GROUP BY 1, 2 HAVING count(*) > 1) AS twice"  # fmt: skip
    assert column(legacy, twice) == [0]
