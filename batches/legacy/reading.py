"""Find the older tables and read all of them from one snapshot.

In this system's database they are locked against writes and read in place; a role that may only
read them copies them first, in a single statement and so from one snapshot. From another database
they are copied in a read-only, repeatable-read transaction. With row_security off, PostgreSQL
raises an error rather than hiding rows.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import DatabaseError, connection, connections, transaction

from batches.legacy.context import WORKPLACE, Context, LegacyError
from batches.legacy.sources import TABLES, Actual, columns_with_types, query, quoted

# The schema that an unqualified table name resolves to.
SCHEMA = """
SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass('batch_jobs')"""
# Every schema with such a table, whether the search path names it, and whether the role may use it.
SCHEMAS = """
SELECT n.nspname, n.nspname = ANY (
        SELECT btrim(x, ' "') FROM unnest(string_to_array(current_setting('search_path'), ',')) AS x
    ) AS is_named, has_schema_privilege(n.oid, 'USAGE') AS is_usable
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = 'batch_jobs' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'batch_id')
ORDER BY is_named DESC, 1"""
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL), t.typcategory
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = %s AND c.relname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum"""
# The other tables of the schema and their columns.
OTHERS = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = %s AND c.relname <> ALL(%s) AND c.relkind IN ('r', 'p')
    AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1 ORDER BY 1"""
INTEGERS = ("smallint", "integer", "bigint")
# Tables whose rows also have an integer id.
NUMBERED = ("batch_jobs", "jobs")
NOT_AN_INTEGER = "id IS NULL OR id::text !~ '^-?[0-9]{1,18}$'"
ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
HIDE_NOTHING = "SET LOCAL row_security = off"
# insufficient_privilege; wrong_object_type, of a materialized view or a foreign table
REFUSED = ("42501", "42809")


@dataclass(frozen=True)
class OlderTables:
    """The tables of an older system in one schema."""

    schema: str
    # Table -> its columns; empty for tables that the installation lacks.
    columns: dict[str, dict[str, Actual]]
    # The names of the columns of tables that are not converted.
    others: dict[str, list[str]] = field(default_factory=dict)

    @property
    def present(self) -> list[str]:
        return [table for table in TABLES if self.columns[table]]

    def name(self, table: str) -> str:
        """Return the quoted, qualified name of a table."""
        return f"{quoted(self.schema)}.{table}"

    def query(self, table: str) -> str:
        """Return the SELECT that reads a table in the common shape; a missing table has no rows."""
        return query(table, self.columns[table], self.name(table))


def find(cursor: Any) -> OlderTables | None:
    """Return the older tables on the search path, or None.

    Raises LegacyError if the search path leads to them through a schema that the role may not use:
    PostgreSQL would pass over them.
    """
    cursor.execute(SCHEMA)
    row = cursor.fetchone()
    if row is None:
        for schema, is_named, is_usable in _schemas(cursor):
            if is_named and not is_usable:
                raise LegacyError(
                    f"The role may not use the schema {schema}, which holds legacy tables: grant "
                    "it USAGE on the schema."
                )
        return None
    columns: dict[str, dict[str, Actual]] = {table: {} for table in TABLES}
    cursor.execute(COLUMNS, [row[0], list(TABLES)])
    for table, name, kind, category in cursor.fetchall():
        columns[table][name] = Actual(quoted(name), kind, category)
    ours = connection.introspection.django_table_names()
    cursor.execute(OTHERS, [row[0], [*TABLES, *ours, "django_migrations"]])
    return OlderTables(row[0], columns, dict(cursor.fetchall()))


def schema_elsewhere(cursor: Any) -> str | None:
    """Return the first schema with legacy tables, wherever it is."""
    return next((schema for schema, *_ in _schemas(cursor)), None)


def _schemas(cursor: Any) -> list[tuple[str, bool, bool]]:
    cursor.execute(SCHEMAS)
    schemas: list[tuple[str, bool, bool]] = cursor.fetchall()
    return schemas


def find_complete(cursor: Any) -> OlderTables:
    """Return the older tables; raise `LegacyError` if any of them cannot be read in full."""
    older = find(cursor)
    if older is None:
        raise LegacyError(_where_they_are(cursor))
    for table in older.present:
        if "id" not in older.columns[table]:
            raise LegacyError(f"The legacy table {table} has no column id.")
        with reading(table):
            cursor.execute(f"SELECT FROM ({older.query(table)}) AS x LIMIT 0")
    for table in NUMBERED:
        _check_integers(cursor, older, table)
    return older


def _where_they_are(cursor: Any) -> str:
    schema = schema_elsewhere(cursor)
    if schema is None:
        return "There is no table batch_jobs in the legacy database."
    return (
        f"There is no table batch_jobs in the search path, but one in the schema {schema}: add "
        f"{path_option(cursor, schema)} to the URL of the database, and grant the role USAGE on "
        "the schema."
    )


def path_option(cursor: Any, schema: str) -> str:
    """Return the option of a database URL that adds a schema to the search path."""
    cursor.execute("SELECT array_remove(current_schemas(false), %s)::text[]", [WORKPLACE])
    return f"?options=-csearch_path%3D{','.join([*cursor.fetchone()[0], schema])}"


def _check_integers(cursor: Any, older: OlderTables, table: str) -> None:
    actual = older.columns[table].get("id")
    if actual is None or actual.type in INTEGERS:
        return
    with reading(table):
        cursor.execute(
            f"SELECT count(*), min(id::text) FROM {older.name(table)} WHERE {NOT_AN_INTEGER}"
        )
        count, example = cursor.fetchone()
    if count:
        raise LegacyError(
            f"The legacy table {table} has ids that are not integers, such as {example!r} "
            f"({count:,} in all)."
        )


@contextmanager
def reading(table: str) -> Iterator[None]:
    """Translate errors of the older database into one sentence."""
    try:
        yield
    except (DatabaseError, psycopg.Error) as error:
        raise LegacyError(f"The legacy table {table} cannot be read: {_reason(error)}") from error


def first_line(error: Exception) -> str:
    """Return what a PostgreSQL error says, without the statement and further details."""
    return next(iter(str(error).strip().splitlines()), "").strip() or "the connection was lost"


def _reason(error: Exception) -> str:
    """Return the first line of a PostgreSQL error as a sentence, with a hint if there is one."""
    text = first_line(error)
    sentence = text.rstrip(".") + "."
    if "row-level security" in text:
        return f"{sentence} Use the owner of the table, or a role with BYPASSRLS."
    if text.startswith("permission denied"):
        return f"{sentence} Grant the role USAGE on its schema and SELECT on it."
    return sentence


def attach(context: Context) -> OlderTables:
    """Present the tables of this database in the common shape, protected from changes."""
    older = find_complete(context.cursor)
    if not _hold(context, older):
        _copy_at_once(context, older)
        return older
    for table in TABLES:
        context.show(f"old_{table}", older.query(table))
    return older


def _hold(context: Context, older: OlderTables) -> bool:
    """Lock the tables against writes until the transaction ends; return whether that is allowed."""
    names = ", ".join(older.name(table) for table in older.present)
    try:
        with transaction.atomic(using=context.connection.alias):
            context.execute(f"LOCK TABLE {names} IN SHARE MODE")
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") not in REFUSED:
            raise
        return False
    return True


def _copy_at_once(context: Context, older: OlderTables) -> None:
    """Copy all tables in one statement, so that they come from one snapshot."""
    for table in TABLES:
        _define(context, table)
    parts = [
        f"copy_{table} AS (INSERT INTO old_{table} {older.query(table)})" for table in older.present
    ]
    context.execute(f"WITH {', '.join(parts)} SELECT")
    for table in TABLES:
        _finish(context, table)


def fetch(context: Context, alias: str) -> OlderTables:
    """Copy the tables from another database, block by block; its transaction ends here."""
    with transaction.atomic(using=alias), connections[alias].cursor() as source:
        source.execute(ONE_MOMENT)
        source.execute(HIDE_NOTHING)
        older = find_complete(source)
        for table in TABLES:
            _copy(context, source, table, older)
    return older


def _copy(context: Context, source: Any, table: str, older: OlderTables) -> None:
    _define(context, table)
    if older.columns[table]:
        blocks = _blocks(source, table, older.query(table))
        with context.cursor.copy(f"COPY old_{table} FROM STDIN") as copy:
            for block in blocks:
                copy.write(block)
    _finish(context, table)


def _blocks(source: Any, table: str, query: str) -> Iterator[Sequence[int]]:
    with reading(table), source.copy(f"COPY ({query}) TO STDOUT") as old:
        yield from old


def _define(context: Context, table: str) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in columns_with_types(table).items())
    context.define(f"old_{table}", columns)


def _finish(context: Context, table: str) -> None:
    if table in NUMBERED:
        context.execute(f"CREATE INDEX ON old_{table} (id)")
    context.execute(f"ANALYZE old_{table}")
