"""The pages of a list: the table with its filters, its rows alone, its count, and its columns."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.urls.resolvers import URLPattern
from django.views.decorators.http import require_POST, require_safe

from scrapersky.tenants.access import can_write_somewhere
from scrapersky.tenants.models import User
from scrapersky.tenants.preferences import chosen_columns, store_columns
from scrapersky.web.http import ConsoleRequest, fragment_of
from scrapersky.web.lists.columns import Column, Kind
from scrapersky.web.lists.deadline import QueryTooSlow
from scrapersky.web.lists.definition import ListDefinition, all_lists, get_list
from scrapersky.web.lists.filters import Filter
from scrapersky.web.lists.keyset import BadCursor
from scrapersky.web.lists.query import Count, ListQuery

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table."""

    column: Column
    value: Any
    link: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column: where its sort link leads, and how the list is sorted by it now."""

    column: Column
    sort_query: str
    direction: str  # "ascending", "descending" or empty

    @property
    def is_number(self) -> bool:
        return self.column.kind in (Kind.NUMBER, Kind.SHARE, Kind.SECONDS)


@dataclass(frozen=True, slots=True)
class Input:
    """A filter on the form, with what is in it now."""

    filter: Filter
    texts: list[str]
    error: str

    @property
    def text(self) -> str:
        return self.texts[-1] if self.texts else ""

    @property
    def suggestions(self) -> Iterable[str]:
        return self.filter.suggestions() if self.filter.suggestions else ()


class ListPage:
    """What the templates of a list show; reading the rows is put off until they are shown."""

    def __init__(
        self, request: HttpRequest, definition: ListDefinition, base: QuerySet | None = None
    ) -> None:
        self.definition = definition
        self.user = cast(User, request.user)
        self.query = ListQuery(definition, request.GET, self.user, base)
        self.columns = selected_columns(definition, self.user, request.GET.get("columns", ""))
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

    @property
    def objects(self) -> list[Any]:
        """The rows of the page, without their cells."""
        return [row for row, _ in self.rows]

    def _cells(self, row: Any) -> list[Cell]:
        return [Cell(c, c.value_of(row), c.link_of(row)) for c in self.columns]

    @property
    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.columns]

    def _heading(self, column: Column) -> Heading:
        if column.name not in self.definition.sort_by_name:
            return Heading(column, "", "")
        current = self.query.sort
        is_current = current.removeprefix("-") == column.name
        direction = "descending" if current.startswith("-") else "ascending"
        reverse_name = column.name if current.startswith("-") else f"-{column.name}"
        name = reverse_name if is_current else column.name
        return Heading(column, self.query.query_with(sort=name), direction if is_current else "")

    @property
    def groups(self) -> list[tuple[str, list[Input]]]:
        """The inputs of the filter form but the search, by group; those without one first."""
        inputs = [self._input(item) for item in self.definition.filters[1:]]
        by_group = groupby(sorted(inputs, key=self._place), key=lambda item: item.filter.group)
        return [(name, list(items)) for name, items in by_group]

    @property
    def search(self) -> Input:
        """The input of the first filter, which is always in sight."""
        return self._input(self.definition.filters[0])

    def _input(self, item: Filter) -> Input:
        return Input(item, self.query.texts(item.name), self.query.errors.get(item.name, ""))

    def _place(self, item: Input) -> int:
        names = list(dict.fromkeys(["", *(f.group for f in self.definition.filters)]))
        return names.index(item.filter.group)

    @property
    def may_write(self) -> bool:
        return can_write_somewhere(self.user)

    @property
    def shortcuts(self) -> list[tuple[str, str, bool]]:
        """Label, query string and whether it is the current one."""
        current = self.query.filter_query
        return [(label, query, query == current) for label, query in self.definition.shortcuts]

    @property
    def first_query(self) -> str:
        return self.query.query_with(cursor="")


def selected_columns(definition: ListDefinition, user: Any, query: str = "") -> list[Column]:
    """Return the columns to show: those of the query, else the user's own, else the defaults."""
    names = query.split(",") if query else chosen_columns(user, definition.name)
    known = [definition.column_by_name[n] for n in names if n in definition.column_by_name]
    return known or [definition.column_by_name[n] for n in definition.default_columns]


def list_urls(definition: ListDefinition, prefix: str) -> list[URLPattern]:
    """Return the addresses of a list: its page, its rows, its count."""
    name = definition.url_name

    @require_safe
    def page(request: ConsoleRequest) -> HttpResponse:
        return render(request, "lists/list.html", {"list": ListPage(request, definition)})

    @require_safe
    @fragment_of(name)
    def rows(request: ConsoleRequest) -> HttpResponse:
        return render(request, "lists/_rows.html", {"list": ListPage(request, definition)})

    @require_safe
    @fragment_of(name)
    def count(request: ConsoleRequest) -> HttpResponse:
        return render_count(request, ListQuery(definition, request.GET, request.user))

    # An address that the application answers itself comes before this one.
    return [
        path(prefix, page, name=name),
        path(f"{prefix}rows/", rows, name=f"{name}_rows"),
        path(f"{prefix}count/", count, name=f"{name}_count"),
    ]


def render_count(request: HttpRequest, query: ListQuery) -> HttpResponse:
    """Return the number of rows of a list, or why it is not known."""
    try:
        count: Count | None = query.count()
    except QueryTooSlow:
        count = None
    return render(request, "lists/_count.html", {"count": count})


@require_POST
def list_columns(request: ConsoleRequest, name: str) -> HttpResponse:
    """Store which columns of a list the user wants to see."""
    definition = {item.name: item for item in all_lists()}.get(name)
    if definition is None:
        return redirect("home")
    if "reset" in request.POST:
        store_columns(request.user, name, [])
    else:
        wanted = [n for n in request.POST.getlist("column") if n in definition.column_by_name]
        store_columns(request.user, name, wanted)
    back = request.POST.get("query", "")
    return redirect(f"{get_list(name).url}?{back}".rstrip("?"))
