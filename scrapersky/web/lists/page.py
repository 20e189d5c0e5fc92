"""The page of a list: its filters, headings, rows and cells, views and sort orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from scrapersky.tenants.access import can_write_somewhere
from scrapersky.tenants.models import User
from scrapersky.tenants.preferences import ListSettings, SavedView, list_settings
from scrapersky.tenants.saved_views import openable_views
from scrapersky.web.lists.columns import Column, Kind, column_names
from scrapersky.web.lists.deadline import QueryTooSlow
from scrapersky.web.lists.definition import ListDefinition
from scrapersky.web.lists.filters import Filter
from scrapersky.web.lists.keyset import BadCursor
from scrapersky.web.lists.outputs import Output, outputs_of
from scrapersky.web.lists.query import Count, ListQuery
from scrapersky.web.lists.saved_views import (
    NO_VIEW,
    SavedViewForm,
    is_same_query,
)

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table."""

    column: Column
    value: Any
    link: str

    @property
    def is_empty(self) -> bool:
        return self.value is None or self.value in ("", [], {})


@dataclass(frozen=True, slots=True)
class Heading:
    """A column heading: its sort link, and its current sort direction."""

    column: Column
    sort_query: str
    direction: str  # "ascending", "descending" or empty

    @property
    def is_number(self) -> bool:
        return self.column.kind in (Kind.NUMBER, Kind.SHARE, Kind.SECONDS)


@dataclass(frozen=True, slots=True)
class Input:
    """A filter on the form with its current values."""

    filter: Filter
    texts: list[str]
    error: str
    user: User

    @property
    def text(self) -> str:
        return self.texts[-1] if self.texts else ""

    @property
    def shown_texts(self) -> list[str]:
        """Return what its text inputs hold: one for each value, and an empty one for another."""
        return [*self.texts, ""] if self.filter.is_multiple else [self.text]

    @property
    def has_suggestions(self) -> bool:
        return self.filter.suggestions is not None

    @property
    def suggestions(self) -> Iterable[str]:
        return self.filter.suggestions(self.user) if self.filter.suggestions else ()


class ListPage:
    """The context of a list's templates."""

    def __init__(
        self,
        request: HttpRequest,
        definition: ListDefinition,
        base: QuerySet | None = None,
        default_sort: str = "",
    ) -> None:
        self.user = cast(User, request.user)
        self.query = ListQuery(definition, request.GET, self.user, base, default_sort)
        self.definition = self.query.definition
        self.settings = list_settings(self.user, definition.name)
        names = column_names(request.GET.get("columns", ""))
        self.columns = selected_columns(self.definition, self.settings, names)
        if message := self.definition.unknown_column(names):
            self.query.errors["columns"] = message
        self.message = ""
        self.rows: list[tuple[Any, list[Cell]]] = []
        self.next_query = self.previous_query = ""
        self._read()

    def _read(self) -> None:
        try:
            page = self.query.page(self.columns, size=PAGE_SIZE)
        except (QueryTooSlow, BadCursor) as error:
            self.message = str(error)
            return
        self.rows = [(row, self._cells(row)) for row in page.rows]
        self.next_query = self.query.query_at(page.next) if page.next else ""
        self.previous_query = self.query.query_at(page.previous) if page.previous else ""

    def rows_of(self, ids: Sequence[UUID]) -> list[tuple[Any, list[Cell]]]:
        """Return rows by id, in the given order, whether or not they match the filters."""
        rows = {row.pk: row for row in self.query.rows_of(ids, self.columns)}
        return [(rows[pk], self._cells(rows[pk])) for pk in ids if pk in rows]

    @property
    def objects(self) -> list[Any]:
        """The rows of the page, without their cells."""
        return [row for row, _ in self.rows]

    def _cells(self, row: Any) -> list[Cell]:
        return [Cell(c, c.value_of(row), self._link(c, row)) for c in self.columns]

    def _link(self, column: Column, row: Any) -> str:
        """Return where a cell leads, with the list it is in where the page has neighbours."""
        link = column.link_of(row)
        if not link or not column.keeps_origin or not (self._filters or "?" in link):
            return link
        origin = urlencode({"from": f"{self.definition.name}?{self._filters}"})
        return f"{link}{'&' if '?' in link else '?'}{origin}"

    @cached_property
    def _filters(self) -> str:
        return self.query.filter_query

    @property
    def has_no_rows_at_all(self) -> bool:
        """Whether the list is empty without a filter, so that there is nothing to search."""
        query = self.query
        is_narrowed = query.is_filtered or query.errors or query.params.get("cursor")
        return not (self.rows or self.message or is_narrowed)

    @property
    def outputs(self) -> list[Output]:
        """The outputs for exporting the list."""
        return outputs_of(self.definition)

    @property
    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.columns]

    def _heading(self, column: Column) -> Heading:
        if column.name not in {sort.name for sort in self.query.sorts}:
            return Heading(column, "", "")
        current = self.query.sort
        is_current = current.removeprefix("-") == column.name
        direction = "descending" if current.startswith("-") else "ascending"
        reverse_name = column.name if current.startswith("-") else f"-{column.name}"
        name = reverse_name if is_current else column.name
        return Heading(column, self.query.query_with(sort=name), direction if is_current else "")

    @property
    def orders(self) -> list[tuple[str, str, bool]]:
        """All sort orders: parameter, label, and whether it is the current one.

        For narrow screens, which show no column headings.
        """
        names = [f"{sign}{sort.name}" for sort in self.query.sorts for sign in ("", "-")]
        return [
            (self._parameter_of(name), self._label_of(name), name == self.query.sort)
            for name in names
        ]

    def _parameter_of(self, order: str) -> str:
        return "" if order == self.query.default_sort else order

    def _label_of(self, order: str) -> str:
        column = self.definition.column_by_name[order.removeprefix("-")]
        return f"{column.label}, {'descending' if order.startswith('-') else 'ascending'}"

    @property
    def groups(self) -> list[tuple[str, list[Input]]]:
        """The inputs of the filter form by group, ungrouped ones first, without the search."""
        inputs = [self._input(item) for item in self.definition.filters[1:]]
        by_group = groupby(sorted(inputs, key=self._place), key=lambda item: item.filter.group)
        return [(name, list(items)) for name, items in by_group]

    @property
    def search(self) -> Input:
        """The input of the first filter, which is always visible."""
        return self._input(self.definition.filters[0])

    def _input(self, item: Filter) -> Input:
        error = self.query.errors.get(item.name, "")
        return Input(item, self.query.texts(item.name), error, self.user)

    def _place(self, item: Input) -> int:
        names = list(dict.fromkeys(["", *(f.group for f in self.definition.filters)]))
        return names.index(item.filter.group)

    @property
    def may_write(self) -> bool:
        return can_write_somewhere(self.user)

    @property
    def shortcuts(self) -> list[tuple[str, str, bool]]:
        """(label, query string, whether it is the current one) of each shortcut."""
        current = self.query.filter_query
        return [(label, query, query == current) for label, query in self.definition.shortcuts]

    @property
    def shows_count(self) -> bool:
        """Whether the page counts its rows itself, for browsers without scripts."""
        return "count" in self.query.params

    @property
    def count_query(self) -> str:
        return self.query.query_with(count="yes")

    @property
    def count(self) -> Count | None:
        return count_or_none(self.query)

    @property
    def all_url(self) -> str:
        """The URL of all rows, regardless of the default view."""
        return url_of_all(self.definition, self.settings)

    @cached_property
    def views(self) -> list[SavedView]:
        """The saved views of this list."""
        return list(openable_views(self.user).filter(list_name=self.definition.name))

    @property
    def view(self) -> SavedView | None:
        """The saved view that the list was opened with."""
        key = self.query.params.get("view", "")
        return next((view for view in self.views if str(view.pk) == key), None)

    @property
    def is_view_changed(self) -> bool:
        """Whether the list differs from the view it was opened with."""
        view = self.view
        return view is not None and not (
            is_same_query(self.definition, view.query, self.query.filter_query)
            and list(view.columns) == [column.name for column in self.columns]
        )

    @property
    def column_names(self) -> str:
        return ",".join(column.name for column in self.columns)

    @property
    def share_choices(self) -> Any:
        return SavedViewForm(self.user).share_choices


def selected_columns(
    definition: ListDefinition, settings: ListSettings, names: Sequence[str]
) -> list[Column]:
    """Return the columns to show: those named, else the user's settings, else the defaults."""
    known = [
        definition.column_by_name[name]
        for name in names or settings.columns
        if name in definition.column_by_name
    ]
    return known or [definition.column_by_name[n] for n in definition.default_columns]


def url_of_all(definition: ListDefinition, settings: ListSettings) -> str:
    """Return the URL of a list without a view."""
    return f"{definition.url}?view={NO_VIEW}" if settings.first_view_id else definition.url


def count_or_none(query: ListQuery) -> Count | None:
    """Count the rows of a list; return None if that takes too long."""
    try:
        return query.count()
    except QueryTooSlow:
        return None
