"""A run uses its own tables and leaves none of them behind."""

from typing import Any

import pytest

from batches.legacy.context import WORKPLACE, Context
from batches.models import LegacyId
from batches.tests.legacy.converted import check, convert, reverse_conversion, state
from batches.tests.legacy.legacy_database import build, create_tables, fill_to_scale

# The staging tables of `scans.storage` belong to the connection, which reuses them.
LEFT = """
SELECT nspname FROM pg_namespace WHERE nspname = %s
UNION ALL SELECT relname FROM pg_class
WHERE relnamespace = pg_my_temp_schema() AND relkind IN ('r', 'v', 'S')
    AND relname NOT LIKE 'stage\\_scans\\_%%'"""
ROLE = "scrapersky_clerk"


def left(cursor: Any) -> list[str]:
    cursor.execute(LEFT, [WORKPLACE])
    return [name for (name,) in cursor.fetchall()]


def search_path(cursor: Any) -> str:
    cursor.execute("SHOW search_path")
    path: str = cursor.fetchone()[0]
    return path


def test_nothing_of_a_run_is_left(legacy: Any) -> None:
    build(legacy, "before")
    path = search_path(legacy)
    for work in (convert, check, lambda: convert(dry_run=True), reverse_conversion):
        work()
        assert left(legacy) == []
        assert search_path(legacy) == path


def test_who_may_create_no_schema_converts_to_the_same(legacy: Any) -> None:
    legacy.execute("SELECT current_setting('is_superuser')")
    if legacy.fetchone()[0] != "on":
        pytest.skip("roles are a superuser's to make")
    build(legacy, "before")
    convert()
    expected = state()
    reverse_conversion()
    legacy.execute("SELECT current_schema")
    schema = legacy.fetchone()[0]
    legacy.execute(f"CREATE ROLE {ROLE}")
    legacy.execute(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
    legacy.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {ROLE}")
    legacy.execute("DISCARD TEMP")  # staging tables that the role may not use
    legacy.execute(f"SET LOCAL ROLE {ROLE}")
    convert()
    assert left(legacy) == []
    assert check().faults == []
    assert state() == expected
    reverse_conversion()
    assert left(legacy) == []
    legacy.execute("RESET ROLE")


def test_the_planner_knows_the_map_before_names_are_looked_up_in_it(
    legacy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that it considers empty would be joined in nested loops."""
    create_tables(legacy, "after")
    fill_to_scale(legacy, batches=300, jobs=0, domains=0)
    known: list[float] = []
    write_map = Context.write_map

    def observed(context: Context, rows: str) -> None:
        if "'alias'" in rows:
            query = "SELECT reltuples FROM pg_class WHERE oid = to_regclass(%s)"
            known.append(context.value(query, [context.map]))
        write_map(context, rows)

    monkeypatch.setattr(Context, "write_map", observed)
    convert()
    assert min(known) >= 300
    assert LegacyId.objects.filter(how="alias").count() >= 300
