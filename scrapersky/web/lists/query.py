"""A query for a list: filters, order and position parsed from query parameters.

Pages, API, bulk actions and exports all use it, so the same parameters select the same rows
everywhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict

from scrapersky.tenants.access import readable_tenant_ids
from scrapersky.tenants.models import User
from scrapersky.web.lists.columns import Column
from scrapersky.web.lists.deadline import deadline
from scrapersky.web.lists.definition import ListDefinition, Sort
from scrapersky.web.lists.filters import BadValue, Condition, Filter, RowByRow, any_of
from scrapersky.web.lists.keyset import Order, Rows, cursors_of, read_rows
from scrapersky.web.regional import grouped

# Rows are counted exactly up to this number.
COUNT_LIMIT = 10_000
PAGE_SIZE = 50
# SQLite sorts as many rows faster than it reads a list in its order.
FEW_ROWS = 1_500
# Time limit in seconds for finding each neighbour of a row.
NEARBY = 0.5
# The parameters of a list's page other than filters.
PAGE_PARAMS = frozenset({"sort", "cursor", "columns", "view", "count"})
NO_CONDITIONS: Mapping[str, Condition] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter: its text, and the list's query string without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Count:
    """The number of matching rows, exact up to the limit."""

    rows: int

    @property
    def is_over(self) -> bool:
        return self.rows > COUNT_LIMIT

    def __str__(self) -> str:
        return f"over {grouped(COUNT_LIMIT)}" if self.is_over else grouped(self.rows)


class ListQuery:
    """A list queried with parameters, limited to the rows that `user` may see.

    `base` restricts the list to the rows of one object, such as the jobs of a batch, with its own
    default order. `errors` has a message for each parameter that cannot be applied; `others` are
    the parameters that are no filters.
    """

    def __init__(
        self,
        definition: ListDefinition,
        params: QueryDict,
        user: User,
        base: QuerySet | None = None,
        default_sort: str = "",
        others: frozenset[str] = PAGE_PARAMS,
    ) -> None:
        self.definition = definition.narrowed(params, user)
        self.params = params
        self.user = user
        self.errors = unknown_filters(self.definition, params, others)
        self._base = base
        self._own_sort = default_sort
        self._values = self._read_filters()
        self._check_sort()

    @classmethod
    def of_text(
        cls, definition: ListDefinition, query: str, user: User, base: QuerySet | None = None
    ) -> "ListQuery":
        """Return the query for a query string as sent by a client or stored in a saved view."""
        return cls(definition, QueryDict(query), user, base)

    @property
    def filters(self) -> list[tuple[Filter, list[Any]]]:
        """The active filters with their values."""
        return [(self.definition.filter_by_name[name], v) for name, v in self._values.items()]

    @property
    def problems(self) -> list[str]:
        """A sentence for each parameter that cannot be applied, with the label of a filter."""
        labels = {item.name: f"{item.label}: " for item in self.definition.filters}
        return [f"{labels.get(name, '')}{message}" for name, message in self.errors.items()]

    @property
    def is_filtered(self) -> bool:
        return bool(self._values)

    @cached_property
    def tenants(self) -> Sequence[Any] | None:
        """The sorted ids of the tenants whose rows are read; None for all of several."""
        ids = readable_tenant_ids(self.user)
        return None if self.user.is_superuser and len(ids) > 1 else ids

    @property
    def rows(self) -> QuerySet:
        """The matching rows, unordered."""
        return self._filtered(self._readable)

    def rows_of(self, ids: Sequence[Any], columns: Iterable[Column]) -> QuerySet:
        """Return rows by id, unordered, whether or not they match the filters."""
        return self._loaded(self._readable.filter(pk__in=ids), tuple(columns))

    @property
    def _readable(self) -> QuerySet:
        rows = self.definition.rows() if self._base is None else self._base
        if self.tenants is None:
            return rows
        key = self.definition.tenant_path
        one = len(self.tenants) == 1
        return rows.filter(**({key: self.tenants[0]} if one else {f"{key}__in": self.tenants}))

    @property
    def sorts(self) -> list[Sort]:
        """The sort orders available with the current filters, each name once."""
        own = self._own_sort.removeprefix("-")
        available: dict[str, Sort] = {}
        for sort in self.definition.sorts:
            if not sort.within or sort.within in self._values or sort.name == own:
                available.setdefault(sort.name, sort)
        return list(available.values())

    @property
    def default_sort(self) -> str:
        """The default order: within a batch or a search by domain, theirs."""
        within = [sort.name for sort in self.sorts if sort.within in self._values]
        return self._own_sort or next(iter(within), self.definition.default_sort)

    @property
    def sort(self) -> str:
        """The name of the current sort order, with a minus if it is descending."""
        name = self.params.get("sort", "")
        return name if self._is_sort(name) else self.default_sort

    def _is_sort(self, name: str) -> bool:
        return name.removeprefix("-") in {sort.name for sort in self.sorts}

    def _check_sort(self) -> None:
        name = self.params.get("sort", "")
        if name and not self._is_sort(name):
            known = ", ".join(sort.name for sort in self.sorts)
            message = f"“{name[:50]}” is not an order of this list. Use one of {known}"
            self.errors["sort"] = f"{message}; a leading minus reverses it."

    @property
    def order(self) -> Order:
        path = self.definition.tenant_path
        is_descending = self.sort.startswith("-")
        name = f"{self.definition.name} {self.sort}"
        return Order(self._sort, is_descending, self.tenants, path, self._leading, name)

    @property
    def _sort(self) -> Sort:
        name = self.sort.removeprefix("-")
        return next(sort for sort in self.sorts if sort.name == name)

    @property
    def _leading(self) -> Condition | None:
        """The condition for the rows that a filter prefers in this order."""
        item = self._leading_filter
        return any_of(item.leading)(self._values[item.name]) if item and item.leading else None

    @property
    def _leading_filter(self) -> Filter | None:
        sort = self._sort
        leading = (f for f, _ in self.filters if f.leading and f.leads_in == sort.name)
        return next((f for f in leading if sort.within in ("", f.name)), None)

    def page(
        self,
        columns: Iterable[Column],
        *,
        size: int = PAGE_SIZE,
        cursor: str | None = None,
        seconds: float | None = None,
        for_cells: bool = True,
    ) -> Rows:
        """Return the rows at a cursor, by default the one in the parameters.

        Only the fields that `columns` need are loaded, and with `for_cells` what table cells show
        in addition. Raises BadCursor and QueryTooSlow.
        """
        position = self.params.get("cursor", "") if cursor is None else cursor
        rows = self.definition.rows() if self._base is None else self._base
        with deadline(seconds, self._how_to_narrow()):
            replaced = self._replaced()

            def read(without: Filter | None) -> QuerySet:
                filtered = self._filtered(rows, replaced, without)
                return self._loaded(filtered, tuple(columns), for_cells=for_cells)

            preferred = self._leading_filter
            leading = read(without=preferred) if preferred else None
            matching = read(without=None)
            return read_rows(matching, self.order, size, position, leading)

    def neighbours(self, row: Any, among: "ListQuery | None" = None) -> tuple[Any, Any]:
        """Return the rows before and after a row; None at an end. Raises QueryTooSlow.

        `among` is this list without some of its rows.
        """
        cursors = cursors_of(self.rows, self.order, row)
        if cursors is None:
            return None, None
        listing = among or self
        pages = (listing.page((), size=1, cursor=cursor, seconds=NEARBY) for cursor in cursors)
        before, after = (page.rows for page in pages)
        return next(iter(before), None), next(iter(after), None)

    def count(self) -> Count:
        """Count the matching rows. Raises QueryTooSlow."""
        with deadline():
            rows = self._filtered(self._readable, self._replaced())
            return Count(rows.order_by()[: COUNT_LIMIT + 1].count())

    def count_all(self, *, seconds: float) -> int:
        """Count the rows that match, however many there are. Raises QueryTooSlow."""
        with deadline(seconds):
            return self.rows.order_by().count()

    def _how_to_narrow(self) -> str:
        """Return the message for a slow query, with filters of this list that would help."""
        used = " and ".join(f"“{item.label}”" for item, _ in self.filters)
        search = f"The search by {used}" if used else "This order"
        names = (self.definition.filters[0].name, "batch", "tag")
        narrower = [
            f"“{item.label}”" for item in self.definition.filters
            if item.name in names and item.name not in self._values
        ]  # fmt: skip
        addition = f" Or add another: {', '.join(narrower)}." if narrower else ""
        return f"{search} takes too long. Remove a filter that few rows match.{addition}"

    def chips(self) -> list[Chip]:
        """Return a chip for each value of the active filters."""
        return [
            Chip(item.label, item.described(text), self.query_without(name, text))
            for name, item in self.definition.filter_by_name.items()
            if name in self._values
            for text in self.texts(name)
        ]

    def query_with(self, **changes: str) -> str:
        """Return this list's query string for the first page with some parameters replaced."""
        kept = [(k, v) for k, v in self._pairs() if k not in changes and k != "cursor"]
        return urlencode(kept + [(k, v) for k, v in changes.items() if v])

    def query_at(self, cursor: str) -> str:
        """Return this list's query string at a cursor."""
        return urlencode([*(p for p in self._pairs() if p[0] != "cursor"), ("cursor", cursor)])

    def query_without(self, name: str, text: str) -> str:
        return urlencode(
            [(k, v) for k, v in self._pairs() if (k, v) != (name, text) and k != "cursor"]
        )

    @property
    def filter_query(self) -> str:
        """The query string of filters and order, as stored in a saved view."""
        names = {*self.definition.filter_by_name, "sort"}
        return urlencode([(k, v) for k, v in self._pairs() if k in names])

    @property
    def lasting_query(self) -> str:
        """The filters and the order, with ages such as `7d` as the moments that they mean now."""
        filters = self.definition.filter_by_name
        pairs = [(k, v) for k, v in self._pairs() if k in filters or k == "sort"]
        return urlencode([(k, filters[k].as_lasting(v) if k in filters else v) for k, v in pairs])

    @property
    def page_query(self) -> str:
        """The query string of the current page: filters, order, columns, view and position."""
        return urlencode(self._pairs())

    def texts(self, name: str) -> list[str]:
        return [text for text in self.params.getlist(name) if text.strip()]

    def _pairs(self) -> list[tuple[str, str]]:
        return [(k, v) for k, values in self.params.lists() for v in values if v.strip()]

    def _read_filters(self) -> dict[str, list[Any]]:
        values = {}
        for name, item in self.definition.filter_by_name.items():
            try:
                read = item.values(self.params.getlist(name))
            except BadValue as error:
                self.errors[name] = str(error)
                continue
            if read:
                values[name] = read
        return values

    def _filtered(
        self,
        rows: QuerySet,
        replaced: Mapping[str, Condition] = NO_CONDITIONS,
        without: Filter | None = None,
    ) -> QuerySet:
        """Return the rows that match the filters, or what `replaced` has instead of some."""
        for item, values in self.filters:
            if item is not without:
                condition = replaced.get(item.name)
                rows = item.apply(rows, values) if condition is None else rows.filter(condition)
        return rows

    def _replaced(self) -> dict[str, Condition]:
        """Return equivalent conditions by filter name, chosen by how many rows match now."""
        found = {item.name: self._replacement(item, values) for item, values in self.filters}
        return {name: condition for name, condition in found.items() if condition is not None}

    def _replacement(self, item: Filter, values: list[Any]) -> Condition | None:
        if not self.tenants:
            return None
        if item.by_frequency:
            return item.by_frequency(values, self.tenants, len(self._values) == 1)
        is_wide = self._is_unsorted_range(item, values) and self._is_common(item)
        return RowByRow.of(item.condition(values)) if is_wide else None

    def _is_unsorted_range(self, item: Filter, values: list[Any]) -> bool:
        """Whether SQLite would read a range of an index in another order than that of the list."""
        is_range = item.range_of not in ("", *self._sort.fields) and any(map(item.is_range, values))
        return is_range and connection.vendor == "sqlite"

    def _is_common(self, item: Filter) -> bool:
        """Whether reading the rows of a filter takes longer than the list in its order."""
        rows = self.definition.model._default_manager.order_by()
        rows = rows.filter(**{f"{self.definition.tenant_path}__in": self.tenants})
        matching = item.apply(rows, self._values[item.name]).values(item.range_of)
        return matching[: FEW_ROWS + 1].count() > FEW_ROWS

    def _loaded(
        self, rows: QuerySet, columns: tuple[Column, ...], *, for_cells: bool = True
    ) -> QuerySet:
        """Load only the fields that the columns and the order need."""
        fields, relations = self.definition.fields_of(columns)
        keys = {"id", self.definition.tenant_path, *self.order.sort.fields_read}
        relations |= {self.order.sort.relation} - {""}
        many = {name for column in columns for name in column.prefetch}
        if for_cells:
            many |= {name for column in columns for name in column.cell_prefetch}
        if relations:  # without arguments, `select_related` would join all relations
            rows = rows.select_related(*sorted(relations))
        return rows.only(*sorted(fields | keys)).prefetch_related(*sorted(many))


def unknown_filters(
    definition: ListDefinition, params: Mapping[str, Any], others: frozenset[str] = PAGE_PARAMS
) -> dict[str, str]:
    """Return a message for each parameter that is neither a filter nor one of the others.

    Without its filter, more rows would match.
    """
    unknown = sorted(set(params) - set(definition.filter_by_name) - others)
    return {name: f"The list has no filter “{name[:50]}”." for name in unknown}
