"""Read the schema of a PostgreSQL database.

Django's introspection lacks type names (enums, lengths) and tables outside the search path, so the
catalog is queried.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from scrapersky.schema.types import Column, Index, Table, TableSize

_NAME = """CASE WHEN pg_table_is_visible(c.oid) THEN c.relname::text
    ELSE n.nspname || '.' || c.relname END"""
_TABLES = """
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname <> 'information_schema'
    AND n.nspname NOT LIKE 'pg\\_%%'"""
LIST = f"""
SELECT {_NAME}, CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint
    ELSE pg_stat_get_live_tuples(c.oid) END, pg_total_relation_size(c.oid) {_TABLES} ORDER BY 1"""
FIND = f"SELECT c.oid {_TABLES} AND %s IN ({_NAME}, n.nspname || '.' || c.relname)"
COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
    CASE WHEN a.attidentity <> '' THEN 'identity' ELSE pg_get_expr(d.adbin, d.adrelid) END,
    EXISTS (SELECT FROM pg_constraint k
        WHERE k.conrelid = a.attrelid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)),
    (SELECT k.confrelid::regclass || '.' || f.attname FROM pg_constraint k JOIN pg_attribute f
        ON f.attrelid = k.confrelid AND f.attnum = k.confkey[array_position(k.conkey, a.attnum)]
        WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND a.attnum = ANY (k.conkey)
        ORDER BY k.oid LIMIT 1),
    ARRAY(SELECT e.enumlabel::text FROM pg_enum e
        WHERE e.enumtypid IN (t.oid, t.typelem) ORDER BY e.enumsortorder)
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
INDEXES = """
SELECT c.relname, i.indisunique, regexp_replace(pg_get_indexdef(c.oid), '^.* USING ', '')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s ORDER BY 1"""


def tables(connection: BaseDatabaseWrapper) -> list[TableSize]:
    """Return the tables and views outside the system schemas."""
    return [TableSize(*row) for row in _rows(connection, LIST)]


def describe(connection: BaseDatabaseWrapper, name: str) -> Table | None:
    """Return a table by name, or by `schema.name` if it is not on the search path."""
    matches = _rows(connection, FIND, name)
    if not matches:
        return None
    [(oid, *_), *_] = matches
    columns = [Column(*row) for row in _rows(connection, COLUMNS, oid)]
    indexes = [Index(*row) for row in _rows(connection, INDEXES, oid)]
    return Table(name, tuple(columns), tuple(indexes))


def sample(connection: BaseDatabaseWrapper, table: Table, limit: int) -> list[Any]:
    """Return some rows as text, because Python cannot represent some dates (infinity, BC)."""
    columns = ", ".join(f"{_quoted(column.name)}::text" for column in table.columns)
    name = ".".join(map(_quoted, _parts(connection, table.name)))
    return _rows(connection, f"SELECT {columns} FROM {name} LIMIT %s", limit)


def _parts(connection: BaseDatabaseWrapper, name: str) -> list[str]:
    [(schema, relation)] = _rows(
        connection, f"SELECT n.nspname, c.relname {_TABLES} AND c.oid = ({FIND} LIMIT 1)", name
    )
    return [schema, relation]


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""').replace("%", "%%"))


def _rows(connection: BaseDatabaseWrapper, query: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
