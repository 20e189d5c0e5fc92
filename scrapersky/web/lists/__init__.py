"""Lists of rows: each is defined once, and every output is generated from the definition.

The table, the API list, saved views and exports all use the same `ListDefinition`: its columns,
filters, sort orders and tenant path. django-filter and django-tables2 were considered: the first
lacks keyset order, chips and OpenAPI parameters, the second keyset pages and exports; with either,
a filter takes more lines than here.
"""

from scrapersky.web.lists.columns import Column, Kind
from scrapersky.web.lists.deadline import QueryTooSlow
from scrapersky.web.lists.definition import (
    Action,
    ListDefinition,
    Rest,
    Sort,
    all_lists,
    get_list,
    register,
)
from scrapersky.web.lists.filters import Filter, choice, day, flag, number, text
from scrapersky.web.lists.query import ListQuery

__all__ = [
    "Action",
    "Column",
    "Filter",
    "Kind",
    "ListDefinition",
    "ListQuery",
    "QueryTooSlow",
    "Rest",
    "Sort",
    "all_lists",
    "choice",
    "day",
    "flag",
    "get_list",
    "number",
    "register",
    "text",
]
