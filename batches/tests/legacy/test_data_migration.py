"""`migrate` converts older tables in the same database, and can be reversed."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from batches.tests.legacy.databases import another_database, manage, migrated_database
from batches.tests.legacy.legacy_database import TABLES, build

pytestmark = pytest.mark.django_db
OURS = ("batches_legacyid", "batches_batch", "batches_job", "scans_domain", "scans_contact")
# The migration before the conversion.
BEFORE = "0019"


@pytest.fixture
def database() -> Iterator[str]:
    if connection.vendor != "postgresql":
        pytest.skip("the older system ran on PostgreSQL alone")
    with another_database() as url:
        yield url


def checksums(url: str, tables: tuple[str, ...]) -> dict[str, Any]:
    """Return the number of rows and a checksum of each table."""
    sums = {}
    with psycopg.connect(url) as opened:
        for table in tables:
            query = "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text)))"
            sums[table] = opened.execute(f"{query} FROM {table} t").fetchone()
    return sums


def test_migrating_from_zero_converts_and_can_be_reversed_and_repeated(database: str) -> None:
    with psycopg.connect(database) as opened:
        build(opened.cursor(), "before")
    old = checksums(database, TABLES)
    manage(database, "migrate", "--verbosity", "0")
    converted = checksums(database, OURS)
    assert converted["batches_batch"][0] == old["batch_jobs"][0] + 2  # two were made up
    assert converted["batches_job"][0] == old["jobs"][0]
    assert "Nothing to convert" in manage(database, "convert_legacy_batch_ids")
    manage(database, "migrate", "batches", BEFORE, "--verbosity", "0")
    assert {count for count, _ in checksums(database, OURS).values()} == {0}
    manage(database, "migrate", "--verbosity", "0")
    again = checksums(database, OURS)
    assert again["batches_job"] == converted["batches_job"]
    assert again["scans_domain"] == converted["scans_domain"]
    assert checksums(database, TABLES) == old


def test_where_there_are_no_older_tables_nothing_is_converted() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the older system ran on PostgreSQL alone")
    with migrated_database() as database:
        assert {count for count, _ in checksums(database, OURS).values()} == {0}
        checked = manage(database, "inspect_schema", "--check")
        assert checked.startswith("The models and the database")
        assert "legacy_batch_id" in manage(database, "inspect_schema", "batches_batch")
