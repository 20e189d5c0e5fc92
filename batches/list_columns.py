"""The columns of a batch's own list as columns and filters of other lists.

A column is named after its header: `Company name` is `list.company_name` in the API and in URLs,
while exported files keep the original header. The filter `column` takes a header and a value
(`Company name=Acme`) or a text to search for in all columns.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict

from batches.models import Batch, BatchRow
from scans.text_search import cases_of
from scrapersky.tenants.access import readable
from scrapersky.tenants.models import User
from scrapersky.web.lists import Column, ListDefinition
from scrapersky.web.lists.columns import TypedText
from scrapersky.web.lists.filters import BadValue, Condition, Filter, any_of
from scrapersky.web.lists.selection import uuids

FILTER = "column"
PREFIX = "list."
_NAMED = 12
RowOf = Callable[[Any], BatchRow | None]


def names_of(heads: Sequence[str]) -> list[str]:
    """Return the API names of the columns: unique, with letters, digits and `_` only."""
    names: list[str] = []
    for number, head in enumerate(heads, start=1):
        plain = re.sub(r"\W+", "_", head.casefold()).strip("_")[:60] or f"column_{number}"
        taken = f"{PREFIX}{plain}" in names
        names.append(f"{PREFIX}{plain}_{number}" if taken else f"{PREFIX}{plain}")
    return names


def batch_of(params: QueryDict, user: User) -> Batch | None:
    """Return the batch named by the parameters if its list has columns."""
    ids = uuids(params.getlist("batch")[-1:])
    rows = readable(Batch.objects.filter(list_columns__isnull=False), user)
    return rows.filter(pk__in=ids).only("id", "list_columns").first() if ids else None


@dataclass(frozen=True, slots=True)
class _Cell:
    """The value of a column of the batch's list, for a row of another list."""

    index: int
    row_of: RowOf

    def __call__(self, row: Any) -> TypedText | str:
        line = self.row_of(row)
        if line is None:
            return ""
        text, native = line.value(self.index), line.native_value(self.index)
        return text if native is text else TypedText(text, native)


def columns_of(batch: Batch, row_of: RowOf, **options: Any) -> tuple[Column, ...]:
    """Return the columns of a batch's list; `row_of` maps a row to its line."""
    heads = batch.list_columns or []
    return tuple(
        Column(name, head, value=_Cell(index, row_of), header=head, **options)
        for index, (name, head) in enumerate(zip(names_of(heads), heads, strict=True))
    )


@dataclass(frozen=True, slots=True)
class ColumnSearch:
    """A text to search for, in the column at an index or in all columns."""

    text: str
    index: int | None = None

    @property
    def condition(self) -> Condition:
        """The condition on lines; it ignores case, and a missing cell counts as empty."""
        if self.index is None:
            is_text = connection.vendor == "sqlite"  # as json.dumps wrote it
            texts = [json.dumps(text, ensure_ascii=is_text)[1:-1] for text in cases_of(self.text)]
            return any_of(lambda text: Q(cells__icontains=text))(texts)
        path = f"values__{self.index}"
        if not self.text:
            return Q(**{path: ""}) | Q(**{f"{path}__isnull": True})
        return any_of(lambda text: Q(**{f"{path}__iexact": text}))(cases_of(self.text))


def matching_lines(lines: QuerySet[BatchRow], wanted: Sequence[ColumnSearch]) -> QuerySet[BatchRow]:
    """Return the lines that match one of the searches in each named column."""
    lines = lines.alias(cells=Cast("values", TextField()))
    for index in {one.index for one in wanted}:
        in_column = [one for one in wanted if one.index == index]
        lines = lines.filter(any_of(lambda one: one.condition)(in_column))
    return lines


def list_filter(
    condition: Callable[[list[ColumnSearch]], Condition], heads: Sequence[str] = ()
) -> Filter:
    """Define the filter by columns of a batch's list; without headers it searches all columns."""
    return Filter(
        FILTER,
        "Your list",
        lambda text: _read(text, heads),
        condition,
        placeholder="A text, or Column=value",
        help_text="What a column of the batch's own list holds; name a column with its batch.",
    )


def _read(text: str, heads: Sequence[str]) -> ColumnSearch:
    head, sign, value = text.partition("=")
    if not sign:
        return ColumnSearch(text)
    indexes = dict(_indexes(heads))
    if _plain(head) in indexes:
        return ColumnSearch(value.strip(), indexes[_plain(head)])
    if not heads:
        raise BadValue("Choose a batch whose list has columns, or look for a text in all of them.")
    shown = ", ".join(heads[:_NAMED])
    raise BadValue(f"The list has no column “{head[:50]}”. Its columns are: {shown}.")


def _indexes(heads: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield every name of a column and its index; of equal names, the first column's comes last."""
    for index in reversed(range(len(heads))):
        yield _plain(heads[index]), index
    for index, name in enumerate(names_of(heads)):
        yield name, index


def _plain(head: str) -> str:
    return head.strip().casefold()


def lines_of_rows(batch: Batch | None) -> Callable[[list[ColumnSearch]], Condition]:
    """Return the condition that one of a job's lines matches."""

    def condition(wanted: list[ColumnSearch]) -> Condition:
        if batch is None:
            same = BatchRow.objects.filter(domain=OuterRef("domain"), batch=OuterRef("batch"))
            return Exists(matching_lines(same, wanted))
        lines = matching_lines(BatchRow.objects.filter(batch=batch), wanted)
        return Q(domain__in=lines.filter(domain__isnull=False).values("domain"))

    return condition


def with_filter(definition: ListDefinition, item: Filter) -> ListDefinition:
    """Return a list with its filter of the same name replaced."""
    filters = tuple(item if old.name == item.name else old for old in definition.filters)
    return replace(definition, filters=filters, narrow=None)
