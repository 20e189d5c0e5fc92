"""The definition of a list, and the register of all lists."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.urls import reverse

from scrapersky.tenants.models import User
from scrapersky.web.lists.columns import Column
from scrapersky.web.lists.filters import Filter
from scrapersky.web.lists.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Sort:
    """An order that an index provides: the column it belongs to and the model fields it reads.

    `is_nullable` says that the first field may be NULL: such rows come last, either way round.
    `is_unique` says that no two rows of a tenant have the same values, so the id need not decide.
    `within` is the filter that the index needs, such as the batch: with it, this is the default.
    """

    name: str
    fields: tuple[str, ...]
    is_nullable: bool = False
    is_unique: bool = False
    within: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A bulk action: a button that posts the selection to a URL, by name."""

    label: str
    url_name: str
    icon: str
    # The template of further inputs of the action, such as the name of a tag.
    inputs: str = ""
    is_dangerous: bool = False


@dataclass(frozen=True)
class ListDefinition:
    """One list: everything its table, API and exports need.

    `name` stands in URLs, `rows` returns the queryset, `default_sort` the name of a sort, with a
    minus for descending. `tenant_path` leads from a row to its tenant's id.
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
    # The template of buttons beside the heading of the page.
    page_actions: str = ""
    # Fields that the row's actions need, loaded whatever the columns.
    row_fields: tuple[str, ...] = ()
    # Combinations of filters worth a click: label -> query string.
    shortcuts: tuple[tuple[str, str], ...] = ()
    empty_text: str = ""
    # What a row's detail page is reversed from; empty where rows have none.
    row_url_name: str = ""
    # What other programs import of it.
    recipes: tuple[Recipe, ...] = ()
    # Returns the list as some parameters narrow it for a user: to a batch and its own columns.
    narrow: "Callable[[ListDefinition, QueryDict, User], ListDefinition] | None" = None

    def narrowed(self, params: QueryDict, user: User) -> "ListDefinition":
        """Return this list as some parameters narrow it for a user."""
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

    @cached_property
    def sort_by_name(self) -> dict[str, Sort]:
        return {sort.name: sort for sort in self.sorts}

    @property
    def default_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.is_default)

    @property
    def url(self) -> str:
        return reverse(self.url_name)

    def fields_of(self, columns: tuple[Column, ...]) -> tuple[set[str], set[str]]:
        """Return the fields to load for some columns, and the relations to join for them."""
        fields = {name for column in columns for name in column.needs} | {*self.row_fields}
        return fields, {name.rpartition("__")[0] for name in fields if "__" in name}


_LISTS: dict[str, ListDefinition] = {}


def register(definition: ListDefinition) -> ListDefinition:
    """Add a list to the register; its name must be free."""
    if definition.name in _LISTS:
        raise ValueError(f"There are two lists named {definition.name}.")
    _LISTS[definition.name] = definition
    return definition


def get_list(name: str) -> ListDefinition:
    """Return a list by its name; raises KeyError."""
    return _LISTS[name]


def find_list(name: str) -> ListDefinition | None:
    """Return a list by its name, None where there is none."""
    return _LISTS.get(name)


def all_lists() -> tuple[ListDefinition, ...]:
    """Return every list, in the order of their registration."""
    return tuple(_LISTS.values())


def value_or_none(row: Any, name: str) -> Any:
    """Return an attribute along a path of foreign keys; None where one of them is empty."""
    for part in name.split("__"):
        row = getattr(row, part, None)
    return row
