"""Write many rows at once, the same way on PostgreSQL and SQLite.

PostgreSQL receives rows by COPY into a temporary table and one set-based statement, SQLite by
multi-row statements. Values shared by all rows are passed once, as constants. What a database would
refuse (NUL, lone surrogates, NaN, texts longer than their column, the same key twice in one
statement) is repaired here, because one such value fails the whole statement and with it the work
of forty sites. Keys are compared as they will be stored, and a text that belongs to a key is never
just cut: two that differ stay different. Rows are written in the order of their key, so that two
writers cannot deadlock.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import blake2b
from itertools import chain
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models import NOT_PROVIDED
from django.db.models.expressions import RawSQL
from uuid_utils import uuid7

from scans.sanitize import copy_text, preparer

Row = tuple[Any, ...]
STALE_AFTER = timedelta(days=7)
NOTHING: Mapping[str, Any] = MappingProxyType({})
# Maximum number of values in a statement, supported by every build of SQLite.
SQLITE_VALUES = 999
# Maximum rows per statement. SQLite rebuilds the lists in CHECK constraints for each statement, so
# single-row statements take twice as long; beyond fifty rows there is no further gain.
SQLITE_ROWS = 50


def url_hash(url: str) -> bytes:
    """Return the 16-byte hash of a URL for unique keys (btree indexes reject long URLs)."""
    return blake2b(url.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def among(values: Sequence[str]) -> RawSQL:
    """Return a value for `field__in` that passes a long list as one parameter, which is faster."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::text[])", [list(values)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(values)])


def keys(count: int) -> list[str]:
    """Return new primary keys as hex digits, which are five times as fast as `uuid.UUID`."""
    return [uuid7().hex for _ in range(count)]


def insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    constants: Mapping[str, Any] = NOTHING,
) -> int:
    """Insert rows, and return how many were written: all but those whose key is taken.

    Like `upsert` with nothing to update, but in the given order, and a third faster on PostgreSQL
    if all rows are new.
    """
    table, needs_key = _table_for_new(model, columns, constants, key)
    prepared = table.prepare(list(rows))
    with suppress(IntegrityError):
        return table.insert(_with_keys(prepared) if needs_key else prepared, "")
    return upsert(model, columns, rows, key=key, constants=constants)


def upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    key: Sequence[str],
    update: Sequence[str] = (),
    add: Sequence[str] = (),
    touch: str = "",
    constants: Mapping[str, Any] = NOTHING,
) -> int:
    """Insert rows and return how many were written.

    Where `key` is taken, the columns named in `update` are updated, and the values of those in
    `add` are added to the stored ones; with none named, a row that would break any unique
    constraint is left out. `columns` are attribute names (`domain_id`),
    each row a tuple in that order; `constants` (column -> value) are the same in all rows, and
    columns that are named nowhere get their model's defaults. With `touch` (the name of a
    timestamp), a taken row is written only when one of the other columns changed or its timestamp
    is a week older than the given one.
    """
    table, needs_key = _table_for_new(model, columns, constants, key)
    key_indexes = [columns.index(name) for name in key if name not in constants]
    prepared = _one_row_per_key(table.prepare(list(rows)), key_indexes)
    if not prepared:
        return 0
    if needs_key:
        prepared = _with_keys(prepared)
    action = "DO NOTHING"
    if update or add:
        sets = [f"{q} = excluded.{q}" for q in table.quoted(update)]
        sets += [f"{q} = {table.name}.{q} + excluded.{q}" for q in table.quoted(add)]
        action = f"({', '.join(table.quoted(key))}) DO UPDATE SET {', '.join(sets)}"
        action += table.when_changed(update, touch) if touch else ""
    return table.insert(prepared, f"ON CONFLICT {action}")


def copy_rows(cursor: Any, table: str, rows: Sequence[Row]) -> None:
    """Copy rows into a table of PostgreSQL, which may be followed by its columns in brackets."""
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        if text := copy_text(rows):
            copy.write(text)
            return
        for row in rows:
            copy.write_row(row)


def insert_select(
    model: type[models.Model], values: Mapping[str, str], constants: Mapping[str, Any]
) -> tuple[str, list[Any]]:
    """Return an INSERT statement up to and including FROM, and its parameters.

    `values` maps attribute names to the SQL expressions that are selected; `constants` and defaults
    are as for `upsert`.
    """
    columns = list(values)
    table = _Table(model, columns, _with_defaults(model, columns, constants))
    return table.insert_select(", ".join(values.values())), table.constants


def _table_for_new(
    model: type[models.Model],
    columns: Sequence[str],
    constants: Mapping[str, Any],
    key: Sequence[str],
) -> tuple["_Table", bool]:
    """Return the table to insert into, and whether its rows still need primary keys."""
    needs_key = model._meta.pk.attname not in columns
    named = [*columns, model._meta.pk.attname] if needs_key else columns
    return _Table(model, named, _with_defaults(model, named, constants), key=key), needs_key


def _with_keys(rows: list[Row]) -> list[Row]:
    return [(*row, pk) for row, pk in zip(rows, keys(len(rows)), strict=True)]


def _with_defaults(
    model: type[models.Model], columns: Sequence[str], constants: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the constants, plus the defaults of all other fields."""
    defaults = {
        field.attname: field.get_default()
        for field in model._meta.concrete_fields
        if field.attname not in columns and not field.null and field.db_default is NOT_PROVIDED
    }
    return {**defaults, **constants}


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write columns of existing rows; the first column is the primary key."""
    table = _Table(model, columns)
    prepared = _one_row_per_key(table.prepare(list(rows)), [0])
    if not prepared:
        return
    key, *rest = table.quoted(columns)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            table.copy(cursor, prepared)
            sets = ", ".join(f"{q} = given.{q}" for q in rest)
            cursor.execute(
                f"UPDATE {table.name} SET {sets} FROM {table.stage} AS given "
                f"WHERE {table.name}.{key} = given.{key}"
            )
            table.empty(cursor)
            return
        sets = ", ".join(f"{q} = %s" for q in rest)
        statement = f"UPDATE {table.name} SET {sets} WHERE {key} = %s"
        cursor.executemany(statement, [(*row[1:], row[0]) for row in prepared])


def _one_row_per_key(rows: list[Row], key_indexes: list[int]) -> list[Row]:
    """Return prepared rows sorted by key, keeping the last one per key."""
    key_of = itemgetter(*key_indexes)
    last = {key_of(row): row for row in rows}
    return [last[key] for key in sorted(last)]


class _Table:
    """The columns of a table to write: those that vary by row, and the constants."""

    def __init__(
        self,
        model: type[models.Model],
        columns: Sequence[str],
        constants: Mapping[str, Any] = NOTHING,
        key: Sequence[str] = (),
    ) -> None:
        quote = connection.ops.quote_name
        fields: list[Any] = [model._meta.get_field(name) for name in (*columns, *constants)]
        self.column_of = {field.attname: quote(field.column) for field in fields}
        self.preparers = [
            preparer(field, in_key=field.attname in key) for field in fields[: len(columns)]
        ]
        rest = zip(fields[len(columns) :], constants.values(), strict=True)
        self.constants = [preparer(field)([value])[0] for field, value in rest]
        self.name = quote(model._meta.db_table)
        self.all_names = ", ".join(self.column_of.values())
        self.names = ", ".join(self.quoted(columns))
        digest = blake2b(self.names.encode(), digest_size=6).hexdigest()
        self.stage = quote(f"stage_{model._meta.db_table[:40]}_{digest}")

    def quoted(self, columns: Sequence[str]) -> list[str]:
        return [self.column_of[name] for name in columns]

    def prepare(self, rows: list[Row]) -> list[Row]:
        """Return rows converted for the database; the primary key may still be missing."""
        if not rows:
            return []
        columns = zip(*rows, strict=True)
        converted = (
            prepare(values) for prepare, values in zip(self.preparers, columns, strict=False)
        )
        return list(zip(*converted, strict=True))

    def when_changed(self, columns: Sequence[str], touch: str) -> str:
        """Return the WHERE clause that skips unchanged, recently seen rows."""
        differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
        tests = [
            f"{self.name}.{q} {differs} excluded.{q}"
            for q in self.quoted([name for name in columns if name != touch])
        ]
        seen = self.column_of[touch]
        days = STALE_AFTER.days
        if connection.vendor == "postgresql":
            tests.append(f"{self.name}.{seen} < excluded.{seen} - interval '{days} days'")
        else:
            tests.append(f"{self.name}.{seen} < datetime(excluded.{seen}, '-{days} days')")
        return f" WHERE {' OR '.join(tests)}"

    def insert(self, rows: list[Row], tail: str) -> int:
        """Insert prepared rows; return how many were written."""
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor != "postgresql":
                return self._insert_values(cursor, rows, tail)
            self.copy(cursor, rows)
            cursor.execute(f"{self.insert_select(self.names)} {self.stage} {tail}", self.constants)
            written: int = cursor.rowcount
            self.empty(cursor)
            return written

    def _insert_values(self, cursor: Any, rows: list[Row], tail: str) -> int:
        """Insert rows as VALUES, several per statement."""
        width = len(rows[0])
        size = min(SQLITE_ROWS, (SQLITE_VALUES - len(self.constants)) // width)
        insert = self.insert_select(", ".join(f"column{index + 1}" for index in range(width)))
        marks = f"({', '.join(['%s'] * width)})"
        rest = len(rows) % size
        written = 0
        for count, part in ((size, rows[: len(rows) - rest]), (rest, rows[len(rows) - rest :])):
            values = ", ".join([marks] * count)
            starts = range(0, len(part), count or 1)
            statement = f"{insert} (VALUES {values}) WHERE true {tail}"
            parts = [(*self.constants, *chain(*part[at : at + count])) for at in starts]
            if parts:
                written += cursor.executemany(statement, parts).rowcount
        return written

    def insert_select(self, names: str) -> str:
        """Return an INSERT statement up to FROM; its parameters are the constants."""
        same = ", %s" * len(self.constants)
        return f"INSERT INTO {self.name} ({self.all_names}) SELECT {names}{same} FROM"

    def copy(self, cursor: Any, rows: list[Row]) -> None:
        """Copy rows into the temporary table of the varying columns."""
        cursor.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS {self.stage} ON COMMIT DELETE ROWS AS "
            f"SELECT {self.names} FROM {self.name} WITH NO DATA"
        )
        copy_rows(cursor, f"{self.stage} ({self.names})", rows)

    def empty(self, cursor: Any) -> None:
        """Empty the temporary table for reuse in the same transaction."""
        cursor.execute(f"DELETE FROM {self.stage}")
