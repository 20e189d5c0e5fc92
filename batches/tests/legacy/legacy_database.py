"""A database of the older system with every known kind of id, status and oddity.

The expected results are next to the rows: `legacy_ids.BATCHES` and `JOBS`,
`legacy_domains.DOMAINS`, `legacy_oddities.BATCH_STATUSES` and `JOB_STATUSES`.
"""

from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from batches.legacy.ids import sql_embedded_uuid
from batches.tests.legacy import legacy_domains, legacy_ids, legacy_oddities
from batches.tests.legacy.legacy_ids import Row
from batches.tests.legacy.legacy_scale import fill_to_scale
from batches.tests.legacy.legacy_schema import ENUMS, TABLES, Age, create, table_of

__all__ = [
    "TABLES",
    "Age",
    "Cursor",
    "build",
    "create_tables",
    "drop",
    "fill_to_scale",
    "run_older_script",
]

# The older system's script, which invented UUIDs for ids that contain none.
OLDER_SCRIPT = (
    "ALTER TABLE batch_jobs ADD batch_id_original varchar, ADD standard_uuid uuid",
    "UPDATE batch_jobs SET batch_id_original = batch_id, standard_uuid = CASE WHEN batch_id <> '' "
    f"THEN coalesce({sql_embedded_uuid('batch_id')}, gen_random_uuid()) END",
    "ALTER TABLE batch_jobs DROP batch_id",
    "ALTER TABLE batch_jobs RENAME standard_uuid TO batch_id",
)


class Cursor(Protocol):
    """The common interface of Django's and psycopg's cursors."""

    def execute(self, query: Any, params: Any = None, /) -> Any: ...


def build(cursor: Cursor, age: Age = "before", tables: Iterable[str] = TABLES) -> None:
    """Create the legacy tables, or some of them, in the cursor's database, and fill them."""
    chosen = [name for name in TABLES if name in set(tables)]
    create_tables(cursor, age, chosen)
    for part in (legacy_oddities, legacy_ids, legacy_domains):
        for name, rows in part.rows(age).items():
            for row in rows if name in chosen else ():
                insert(cursor, age, name, row)


def create_tables(cursor: Cursor, age: Age = "before", tables: Iterable[str] = TABLES) -> None:
    """Create the legacy tables, or some of them, without rows."""
    for enum, values in ENUMS.items():
        cursor.execute(create(enum, values))
    for name in tables:
        cursor.execute(table_of(name, age).statement)


def run_older_script(cursor: Cursor) -> None:
    """Convert batch ids to UUIDs in a database of the age "before"."""
    for statement in OLDER_SCRIPT:
        cursor.execute(statement)


def drop(cursor: Cursor) -> None:
    """Drop the existing legacy tables."""
    for name in TABLES:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
    for enum in ENUMS:
        cursor.execute(f'DROP TYPE IF EXISTS "{enum}"')


def insert(cursor: Cursor, age: Age, table: str, row: Row) -> None:
    """Insert a row, leaving out columns that an installation of this age lacks."""
    known = table_of(table, age).columns
    kept = {name: value for name, value in row.items() if name in known}
    marks = ", ".join("%s" for _ in kept)
    values = [str(value) if isinstance(value, UUID) else value for value in kept.values()]
    cursor.execute(f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({marks})", values)
