"""Every list in every format has the values of its rows when read by other programs.

Rows come from the database; hostile random values are injected as they are read. New lists are
covered automatically.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from random import Random
from typing import Any

import openpyxl
import pytest
from django.db.models import CharField, DateTimeField, JSONField, TextField

from scrapersky.tenants.models import Tenant, User
from scrapersky.web import spreadsheet
from scrapersky.web.lists import Column, ListDefinition, ListQuery, all_lists
from scrapersky.web.lists.columns import Kind
from scrapersky.web.lists.download import Content
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import Output
from scrapersky.web.text import sanitize
from tests.random_results import Results

pytestmark = pytest.mark.django_db
ROWS = 6
CELL_LENGTH = 32_767
FIRST_DAY = datetime(1900, 3, 1, tzinfo=UTC)
NOTE = "Nöte; =1+1 " * 500_000
PIECES = (
    "=1+1", "+SUM(A1)", "-2", "@x", "|calc", "＝2", "'", '"', ",", ";", "\t", "\n", "\r\n", "\r",
    "\x00", "\x1b", "\u202e", "\u2066", "\u200b", "\ufeff", "😀", "👩‍👩‍👧", "é", " ", "_x0041_",
    "https://example.com/?a=1&b=<2>", "+49301234567", "\u2028", "\x85", "null", "1e5", "007",
)  # fmt: skip
MOMENTS = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(1900, 1, 1, tzinfo=UTC),
    datetime(1900, 3, 1, tzinfo=UTC),
    datetime(1969, 7, 20, 20, 17, 40, 123_456, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
)


class HostileValues:
    """Injects random values into the rows of an export, and keeps the rows."""

    def __init__(self, columns: Sequence[Column], seed: int) -> None:
        self.columns = columns
        self.rows: list[Any] = []
        self._random = Random(seed)

    def pick(self, rows: Sequence[Any]) -> Sequence[Any]:
        chosen = list(rows)[: ROWS - len(self.rows)]
        for row in chosen:
            for path in sorted({need for column in self.columns for need in column.needs}):
                self._replace(row, path)
            if hasattr(row, "note") and not self.rows:
                row.note = NOTE
            self.rows.append(row)
        return chosen

    def finish(self, row_count: int) -> None:
        assert row_count == len(self.rows)

    def _replace(self, row: Any, path: str) -> None:
        *relations, name = path.split("__")
        owner = reduce(lambda one, relation: getattr(one, relation, None), relations, row)
        if owner is None or name not in {f.name for f in owner._meta.concrete_fields}:
            return
        field = owner._meta.get_field(name)
        if isinstance(field, DateTimeField):
            setattr(owner, name, self._random.choice(MOMENTS))
        elif isinstance(field, JSONField) and getattr(owner, name) is not None:
            is_mapping = isinstance(getattr(owner, name), dict)
            texts = [self._text() for _ in range(3)]
            setattr(owner, name, {text: self._text() for text in texts} if is_mapping else texts)
        elif isinstance(field, CharField | TextField):
            setattr(owner, name, self._text())

    def _text(self) -> str:
        return "".join(self._random.choices(PIECES, k=self._random.randrange(5)))


def as_text(value: Any) -> str:
    """Return a value's CSV text according to docs/exports.md."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case list():
            return "; ".join(map(as_text, value))
        case dict():
            return "; ".join(f"{as_text(name)}: {as_text(item)}" for name, item in value.items())
    return sanitize(str(value))


def as_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | list | dict):
        return value
    return as_text(value) if isinstance(value, datetime) else str(value)


def cells_of_csv(content: bytes) -> Iterator[list[Any]]:
    text = content.decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    yield head
    for row in rows:
        assert not any(
            cell.lstrip(" '\"").startswith(("=", "@", "|")) and cell[0] != "'" for cell in row
        )
        yield [spreadsheet.unescape(cell) for cell in row]


def cells_of_json(content: bytes) -> Iterator[list[Any]]:
    rows = [json.loads(line) for line in content.decode().split("\n") if line]
    yield list(rows[0])
    for row in rows:
        yield list(row.values())


def cells_of_workbook(content: bytes) -> Iterator[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    for row in sheet.iter_rows():
        assert {cell.data_type for cell in row} <= {"s", "n", "d", "b"}  # no formula, no error
        yield [cell.value for cell in row]


READERS = {
    Format.CSV: cells_of_csv,
    Format.CSV_SPREADSHEET: cells_of_csv,
    Format.JSON_LINES: cells_of_json,
    Format.XLSX: cells_of_workbook,
}
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def is_same(kind: Format, column: Column, value: Any, cell: Any) -> bool:
    """Return whether a parsed cell has the expected value."""
    if kind is Format.JSON_LINES:
        return bool(cell == as_json(value))
    if kind is not Format.XLSX:
        return bool(cell == as_text(value))
    if isinstance(value, datetime) and value >= FIRST_DAY:
        return abs(cell.replace(tzinfo=UTC) - value) < timedelta(seconds=1)
    if isinstance(value, int | float) and column.kind is not Kind.ID:
        return bool(cell == pytest.approx(value))
    text = ESCAPED.sub(lambda match: chr(int(match[1], 16)), cell or "")
    return text == as_text(value)[:CELL_LENGTH]


def check(definition: ListDefinition, kind: Format, user: User, seed: int) -> None:
    query = ListQuery.of_text(definition, "", user)
    values = HostileValues(definition.columns, seed)
    file = io.BytesIO()
    count = Content(query, Output(kind), definition.columns, values).write_to(file).rows
    assert 0 < count <= ROWS, f"{definition.name}: no rows to compare"
    head, *rows = READERS[kind](file.getvalue())
    names = [c.label if kind is Format.XLSX else c.name for c in definition.columns]
    assert head == names
    assert len(rows) == count
    for row, cells in zip(values.rows, rows, strict=True):
        for column, cell in zip(definition.columns, cells, strict=True):
            value = column.value_of(row)
            where = f"{definition.name} as {kind}, {column.name}"
            assert is_same(kind, column, value, cell), (
                f"{where}: {value!r:.300} read as {cell!r:.300}"
            )


@pytest.fixture
def long_values() -> Iterator[None]:
    """Raise the csv module's process-wide limit for long notes."""
    before = csv.field_size_limit(len(NOTE) * 2)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("long_values")
def test_every_list_in_every_format_is_read_as_it_was_written(
    user: User, default_tenant: Tenant
) -> None:
    Results(default_tenant, Random(5)).write()
    for number, definition in enumerate(all_lists()):
        for kind in Format:
            check(definition, kind, user, seed=number)
