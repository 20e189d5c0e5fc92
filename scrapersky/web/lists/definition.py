"""The definition of a list, and the register of all lists."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from scrapersky.tenants.models import User
from scrapersky.web.lists.columns import Column
from scrapersky.web.lists.filters import Filter
from scrapersky.web.lists.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Rest:
    """The rows that the partial index of a sort order leaves out.

    `indexed` is the condition of that index, `condition` that of the other rows, and `fields` are
    those of the index that has these, after the tenant. They have the lowest value (`is_lowest`) or
    none; rows without a value come last in either direction.
    """

    indexed: Q
    condition: Q
    fields: tuple[str, ...]
    is_lowest: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort order that an index provides: its column, and the model fields it uses.

    `is_nullable`: the first field may be NULL; such rows come last in both directions. `is_unique`:
    values are unique within a tenant, so the id is not needed as a tiebreaker. `within` is a filter
    that the index requires, such as the batch; with it, this is the default order. Of several sorts
    of one name, the first that is available applies. A first field of a relation (`domain__host`)
    sorts by the relation's index, which begins with its tenant; the other fields then have the
    opposite direction, so that the newest rows come first.
    """

    name: str
    fields: tuple[str, ...]
    is_nullable: bool = False
    is_unique: bool = False
    within: str = ""
    rest: Rest | None = None

    @property
    def fields_read(self) -> tuple[str, ...]:
        """The fields that a row's position consists of."""
        return (*self.fields, *(self.rest.fields if self.rest else ()))

    @property
    def relation(self) -> str:
        """The relation that its first field belongs to, empty for a field of the row itself."""
        return self.fields[0].rpartition("__")[0]


@dataclass(frozen=True, slots=True)
class Action:
    """A bulk action: a button that posts the selection to a URL, by name."""

    label: str
    url_name: str
    icon: str
    # The template with further inputs, such as the name of a tag.
    inputs: str = ""
    is_dangerous: bool = False


@dataclass(frozen=True)
class ListDefinition:
    """One list: everything its table, API and exports need.

    `name` is used in URLs, `rows` returns the queryset, and `default_sort` is the name of a sort,
    with a minus for descending. `tenant_path` leads from a row to its tenant's id.
    """

    name: str
    label: str
    singular: str
    rows: Callable[[], QuerySet]
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...]
    sorts: tuple[Sort, ...]
    default_sort: str
    url_name: str
    actions: tuple[Action, ...] = ()
    tenant_path: str = "tenant_id"
    # The template of the buttons next to the page heading.
    page_actions: str = ""
    # Fields that row actions need, loaded regardless of the columns.
    row_fields: tuple[str, ...] = ()
    # Names of lists that the page leads to, which have no place in the navigation.
    related: tuple[str, ...] = ()
    # Useful filter combinations: label and query string.
    shortcuts: tuple[tuple[str, str], ...] = ()
    empty_text: str = ""
    # The button of an empty list: its label, and the page that it leads to.
    create_label: str = "New batch"
    create_url_name: str = "batch_create"
    # The URL name of a row's detail page; empty if there is none.
    row_url_name: str = ""
    # Recipes for programs that import it.
    recipes: tuple[Recipe, ...] = ()
    # Adapts the list to parameters and user: to a batch and its columns.
    narrow: "Callable[[ListDefinition, QueryDict, User], ListDefinition] | None" = None

    def narrowed(self, params: QueryDict, user: User) -> "ListDefinition":
        """Return this list adapted to parameters and user."""
        return self.narrow(self, params, user) if self.narrow else self

    @property
    def model(self) -> type[Model]:
        return self.rows().model

    @cached_property
    def filter_by_name(self) -> dict[str, Filter]:
        return {item.name: item for item in self.filters}

    @cached_property
    def column_by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def unknown_column(self, names: Iterable[str]) -> str:
        """Return a message about the first name that no column has; empty if there is none."""
        unknown = next((name for name in names if name not in self.column_by_name), None)
        return "" if unknown is None else f"There is no column “{unknown[:50]}”."

    def described(self, params: QueryDict) -> list[tuple[str, str]]:
        """Return the label and value of each filter in parameters, without any query."""
        return [
            (item.label, item.described(text))
            for name, item in self.filter_by_name.items()
            for text in params.getlist(name)
            if text.strip()
        ]

    @property
    def default_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.is_default)

    @property
    def url(self) -> str:
        return reverse(self.url_name)

    @property
    def related_lists(self) -> "tuple[ListDefinition, ...]":
        return tuple(get_list(name) for name in self.related)

    def fields_of(self, columns: tuple[Column, ...]) -> tuple[set[str], set[str]]:
        """Return the fields to load, and the relations to join, for columns."""
        fields = {name for column in columns for name in column.needs} | {*self.row_fields}
        return fields, {name.rpartition("__")[0] for name in fields if "__" in name}


_LISTS: dict[str, ListDefinition] = {}


def register(definition: ListDefinition) -> ListDefinition:
    """Register a list; its name must be unique."""
    if definition.name in _LISTS:
        raise ValueError(f"There are two lists named {definition.name}.")
    _LISTS[definition.name] = definition
    return definition


def get_list(name: str) -> ListDefinition:
    """Return a list by its name; raises KeyError."""
    return _LISTS[name]


def find_list(name: str) -> ListDefinition | None:
    """Return a list by name, or None."""
    return _LISTS.get(name)


def all_lists() -> tuple[ListDefinition, ...]:
    """Return all lists in order of registration."""
    return tuple(_LISTS.values())


def value_or_none(row: Any, name: str) -> Any:
    """Return an attribute along a path of foreign keys; None if one of them is NULL."""
    for part in name.split("__"):
        row = getattr(row, part, None)
    return row
