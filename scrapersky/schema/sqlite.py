"""Read the schema of a SQLite database through Django's introspection."""

from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from scrapersky.schema.types import Column, Index, Table, TableSize

SIZES = """SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s
JOIN sqlite_master m ON m.name = s.name GROUP BY 1"""
# Shadow tables of virtual tables, such as a full-text index.
SHADOW_TABLES = "SELECT name FROM pragma_table_list WHERE type = 'shadow'"


def tables(connection: BaseDatabaseWrapper) -> list[TableSize]:
    """Return the tables; the highest row id estimates the rows without counting."""
    shadow = {name for (name,) in _rows(connection, SHADOW_TABLES)}
    with connection.cursor() as cursor:
        names = sorted(set(connection.introspection.table_names(cursor)) - shadow)
    sizes = _sizes(connection)
    return [TableSize(name, _last_row(connection, name), sizes.get(name)) for name in names]


def _last_row(connection: BaseDatabaseWrapper, name: str) -> int | None:
    try:
        [(last,)] = _rows(connection, f"SELECT max(rowid) FROM {_quoted(name)}")
    except OperationalError:  # a table WITHOUT ROWID
        return None
    return last or 0


def _sizes(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """Return the size of each table including indexes, if SQLite was built with dbstat."""
    try:
        return dict(_rows(connection, SIZES))
    except OperationalError:
        return {}


def describe(connection: BaseDatabaseWrapper, name: str) -> Table | None:
    """Return a table by its name."""
    with connection.cursor() as cursor:
        if name not in connection.introspection.table_names(cursor, include_views=True):
            return None
        described = connection.introspection.get_table_description(cursor, name)
        constraints = connection.introspection.get_constraints(cursor, name)
    primary = (rule["columns"] for rule in constraints.values() if rule["primary_key"])
    keys = {column for columns in primary for column in columns}
    targets = {
        rule["columns"][0]: ".".join(rule["foreign_key"])
        for rule in constraints.values()
        if rule["foreign_key"]
    }
    columns = [
        Column(
            name=row.name,
            type=str(row.type_code),
            null=bool(row.null_ok),
            default=row.default,
            primary_key=row.name in keys,
            references=targets.get(row.name),
        )
        for row in described
    ]
    return Table(name, tuple(columns), tuple(_indexes(connection, name)))


def _indexes(connection: BaseDatabaseWrapper, name: str) -> list[Index]:
    """Return the indexes as SQLite's own SQL, which includes order and condition."""
    listed = _rows(connection, 'SELECT name, "unique" FROM pragma_index_list(%s)', name)
    return [
        Index(index, bool(unique), _over(connection, index)) for index, unique in sorted(listed)
    ]


def _over(connection: BaseDatabaseWrapper, index: str) -> str:
    [(sql,)] = _rows(connection, "SELECT sql FROM sqlite_master WHERE name = %s", index)
    if sql:
        return str(sql).partition(" ON ")[2].partition(" ")[2]
    columns = _rows(connection, "SELECT name FROM pragma_index_info(%s)", index)
    return f"({', '.join(name for (name,) in columns)})"


def sample(connection: BaseDatabaseWrapper, table: Table, limit: int) -> list[Any]:
    """Return some rows as texts."""
    columns = ", ".join(map(_as_text, table.columns))
    return _rows(connection, f"SELECT {columns} FROM {_quoted(table.name)} LIMIT %s", limit)


def _as_text(column: Column) -> str:
    name = _quoted(column.name)
    return f"hex({name})" if column.type.lower() == "blob" else f"CAST({name} AS TEXT)"


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""').replace("%", "%%"))


def _rows(connection: BaseDatabaseWrapper, query: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
