"""Write many rows at once, the same way on PostgreSQL and SQLite.

PostgreSQL takes rows by COPY into a temporary table and one set-based statement; SQLite by
`executemany`. What a database would refuse (NUL, lone surrogates, NaN, texts longer than their
column, the same key twice in one statement) is mended here, because one such value fails the
whole statement and with it the work of forty sites. Rows are written in the order of their key,
so that two writers never wait for each other in a circle.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from django.db import connection, models, transaction
from django.db.models import NOT_PROVIDED

Row = tuple[Any, ...]
STALE_AFTER = timedelta(days=7)


def url_hash(url: str) -> bytes:
    """Return the 16 bytes that stand for a URL in unique keys (a btree refuses long URLs)."""
    return blake2b(url.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    key: Sequence[str],
    update: Sequence[str] = (),
    touch: str = "",
) -> int:
    """Insert rows and return how many were written.

    Where `key` is taken, the columns named in `update` are updated; with none named, a row that
    would break any unique constraint is left out. `columns` are attribute names (`domain_id`),
    each row a tuple in that order; columns that are not named get their model's defaults. With
    `touch` (the name of a timestamp), a taken row is written only when one of the other columns
    changed or its timestamp is a week older than the given one.
    """
    unique = _one_a_key(rows, [columns.index(name) for name in key])
    if not unique:
        return 0
    defaults = _defaulted(model, columns)
    table = _Table(model, [*columns, *(field.attname for field in defaults)])
    prepared = _completed(table.prepare(unique), defaults)
    action = "DO NOTHING"
    if update:
        action = f"({', '.join(table.quoted(key))}) DO UPDATE SET "
        action += ", ".join(f"{q} = excluded.{q}" for q in table.quoted(update))
        action += table.when_changed(update, touch) if touch else ""
    return table.insert(prepared, f"ON CONFLICT {action}")


def _defaulted(model: type[models.Model], columns: Sequence[str]) -> list[Any]:
    """Return the fields that must be filled from their model's defaults, the key last."""
    fields = [
        field
        for field in model._meta.concrete_fields
        if field.attname not in columns and not field.null and field.db_default is NOT_PROVIDED
    ]
    return sorted(fields, key=lambda field: field.primary_key)


def _completed(rows: list[Row], defaults: list[Any]) -> list[Row]:
    """Return prepared rows with the defaults added: the same in all, but for a fresh key."""
    prepare = [_preparer(field) for field in defaults]
    if not any(field.primary_key for field in defaults):
        constant = tuple(p(f.get_default()) for p, f in zip(prepare, defaults, strict=True))
        return [row + constant for row in rows]
    *others, key = defaults
    constant = tuple(p(f.get_default()) for p, f in zip(prepare, others, strict=False))
    return [(*row, *constant, prepare[-1](key.get_default())) for row in rows]


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write columns of existing rows; the first column is the primary key."""
    table = _Table(model, columns)
    prepared = table.prepare(_one_a_key(rows, [0]))
    if not prepared:
        return
    key, *rest = table.quoted(columns)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            source = table.copy(cursor, prepared)
            sets = ", ".join(f"{q} = given.{q}" for q in rest)
            cursor.execute(
                f"UPDATE {table.name} SET {sets} FROM ({source}) AS given "
                f"WHERE {table.name}.{key} = given.{key}"
            )
            table.empty(cursor)
            return
        sets = ", ".join(f"{q} = %s" for q in rest)
        statement = f"UPDATE {table.name} SET {sets} WHERE {key} = %s"
        cursor.executemany(statement, [(*row[1:], row[0]) for row in prepared])


def _one_a_key(rows: Iterable[Row], places: list[int]) -> list[Row]:
    """Return rows sorted by key, the last of each key."""
    key_of = itemgetter(*places)
    last = {key_of(row): row for row in rows}
    return [last[key] for key in sorted(last)]


class _Table:
    """A table seen through some of its columns."""

    def __init__(self, model: type[models.Model], columns: Sequence[str]) -> None:
        quote = connection.ops.quote_name
        self.fields: list[Any] = [model._meta.get_field(name) for name in columns]
        self.column_of = {
            name: quote(field.column) for name, field in zip(columns, self.fields, strict=True)
        }
        self.name = quote(model._meta.db_table)
        self.names = ", ".join(self.column_of.values())
        digest = blake2b(self.names.encode(), digest_size=6).hexdigest()
        self.stage = quote(f"stage_{model._meta.db_table[:40]}_{digest}")

    def quoted(self, columns: Sequence[str]) -> list[str]:
        return [self.column_of[name] for name in columns]

    def prepare(self, rows: list[Row]) -> list[Row]:
        """Return rows of the first columns as the database takes them."""
        width = len(rows[0]) if rows else 0
        preparers = [_preparer(field) for field in self.fields[:width]]
        columns = zip(*rows, strict=True)
        made = [[p(value) for value in c] for p, c in zip(preparers, columns, strict=True)]
        return list(zip(*made, strict=True))

    def when_changed(self, columns: Sequence[str], touch: str) -> str:
        """Return the WHERE that keeps an unchanged, recently seen row from being rewritten."""
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
        insert = f"INSERT INTO {self.name} ({self.names})"
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                source = self.copy(cursor, rows)
                cursor.execute(f"{insert} {source} {tail}")
                written: int = cursor.rowcount
                self.empty(cursor)
                return written
            marks = ", ".join(["%s"] * len(self.fields))
            cursor.executemany(f"{insert} VALUES ({marks}) {tail}", rows)
            return cursor.rowcount

    def copy(self, cursor: Any, rows: list[Row]) -> str:
        """Fill the temporary table of these columns; return the SELECT that reads it."""
        cursor.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS {self.stage} ON COMMIT DELETE ROWS AS "
            f"SELECT {self.names} FROM {self.name} WITH NO DATA"
        )
        with cursor.copy(f"COPY {self.stage} ({self.names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return f"SELECT {self.names} FROM {self.stage}"

    def empty(self, cursor: Any) -> None:
        """Empty the temporary table for a second use in the same transaction."""
        cursor.execute(f"DELETE FROM {self.stage}")


def _preparer(field: Any) -> Callable[[Any], Any]:
    """Return what turns a Python value into one the database accepts for this field."""
    if isinstance(field, models.JSONField):
        return _json_text
    if isinstance(field, models.CharField):
        return lambda value: clean(value)[: field.max_length]
    if isinstance(field, models.TextField):
        return lambda value: None if value is None else clean(value)
    if isinstance(field, models.UUIDField) or field.is_relation:
        return _same if connection.features.has_native_uuid_field else _hex
    if isinstance(field, models.DateTimeField):
        adapt: Callable[[Any], Any] = lru_cache(256)(connection.ops.adapt_datetimefield_value)
        return adapt
    return _same  # bytes among them: both drivers take these as they are


def _hex(value: Any) -> str | None:
    """Return the hex digits of a UUID, as a database without a type for it keeps them."""
    return None if value is None else value.hex


def _same(value: Any) -> Any:
    return value


def clean(text: str) -> str:
    """Return text without what no database stores: NUL characters and lone surrogates."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text


def _json_text(value: Any) -> str | None:
    if value is None:
        return None
    if value == {}:
        return "{}"
    text = json.dumps(value, separators=(",", ":"))
    if "\\u0000" in text or "\\ud" in text or "NaN" in text or "Infinity" in text:
        text = json.dumps(_clean_json(value), separators=(",", ":"))
    return text


def _clean_json(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {clean(str(key)): _clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_json(item) for item in value]
    return value
