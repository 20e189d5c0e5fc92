"""Database-independent descriptions of tables."""

from collections.abc import Sequence
from dataclasses import dataclass


class SchemaError(Exception):
    """A database or table cannot be read; the message is for users."""


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table in the list; `rows` is an estimate, or None if the database has none."""

    name: str
    rows: int | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `values` are an enum's labels, `references` is `table.column`."""

    name: str
    type: str
    null: bool
    default: str | None
    primary_key: bool
    references: str | None
    values: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Index:
    """An index and its definition, as described by the database."""

    name: str
    unique: bool
    over: str


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...]
