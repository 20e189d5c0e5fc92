"""Columns of a list: the source and the kind of each value."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, Self
from uuid import UUID


class Kind(StrEnum):
    """The kind of a value, which decides its format in tables, spreadsheets and JSON."""

    TEXT = "text"
    NUMBER = "number"
    SHARE = "share"  # 0 to 1
    SECONDS = "seconds"
    TIME = "time"
    FLAG = "flag"
    URL = "url"
    STATE = "state"  # a status, verdict or reason, shown as a badge
    ITEMS = "items"  # a list of texts
    PAIRS = "pairs"  # a mapping of name to text
    ID = "id"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` in the API and in exports, `label` on screen.

    `value` takes a row and returns the column's value; by default the attribute `name`. `fields`
    are the model fields it needs (paths with `__` follow foreign keys); by default `name`.
    `prefetch` are the to-many relations it needs, each read in one query for all rows. `link`
    returns the URL that the cell links to, or an empty string. `template` renders the cell in
    tables. `is_volatile` marks columns that every scan updates: rows that differ in nothing else
    count as unchanged.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    value: Callable[[Any], Any] | None = None
    fields: tuple[str, ...] | None = None
    link: Callable[[Any], str] | None = None
    is_default: bool = True
    help_text: str = ""
    prefetch: tuple[str, ...] = ()
    # Further relations that only the template needs.
    cell_prefetch: tuple[str, ...] = ()
    template: str = ""
    is_volatile: bool = False
    # Whether its link is to a page that leads to the previous and the next row of the list.
    keeps_origin: bool = False
    # Its name in CSV and JSON Lines files, if it differs from the API's.
    header: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.name,) if self.fields is None else self.fields

    def value_of(self, row: Any) -> Any:
        return getattr(row, self.name) if self.value is None else self.value(row)

    def link_of(self, row: Any) -> str:
        return self.link(row) if self.link else ""


class TypedText(str):
    """A text with its `native` spreadsheet value: a number, boolean, date or time."""

    __slots__ = ("native",)
    native: Any

    def __new__(cls, text: str, native: Any) -> Self:
        self = super().__new__(cls, text)
        self.native = native
        return self


def readers_of(columns: Sequence[Column]) -> list[Callable[[Any], Any]]:
    """Return what reads each column's value from a row, for many rows."""
    return [column.value or attrgetter(column.name) for column in columns]


def headers_of(columns: Sequence[Column]) -> list[str]:
    """Return the headers of columns in files."""
    return [column.header or column.name for column in columns]


def keys_of(columns: Sequence[Column]) -> list[str]:
    """Return the keys of columns in JSON: their headers if they are unique."""
    counted = Counter(headers_of(columns))
    return [
        column.name if counted[header] > 1 else header
        for column, header in zip(columns, headers_of(columns), strict=True)
    ]


def column_names(text: str) -> list[str]:
    """Return the names in a parameter that separates them by commas, each once."""
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def plain(value: Any) -> Any:
    """Return a column's value for JSON: times in ISO 8601 UTC, ids as text."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value
