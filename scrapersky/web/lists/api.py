"""The API of a list, generated from its definition: parameters, rows, pages, JSON or JSON Lines."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from ninja import Query, Router, Schema
from ninja.responses import Response
from pydantic import ConfigDict, Field, create_model

from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import InputError, Problem
from scrapersky.web.lists.columns import Column, Kind, column_names, plain
from scrapersky.web.lists.deadline import QueryTooSlow
from scrapersky.web.lists.definition import ListDefinition
from scrapersky.web.lists.filters import Filter
from scrapersky.web.lists.keyset import BadCursor, Rows
from scrapersky.web.lists.query import ListQuery

MOST_ROWS = 1_000
DEFAULT_ROWS = 100
# The parameters of a list's API other than filters.
PARAMS = frozenset({"sort", "cursor", "limit", "fields", "format"})
JSON_LINES = "application/jsonl"


class Format(StrEnum):
    JSON = "json"
    LINES = "jsonl"


ERRORS = {401: Problem, 404: Problem, 422: Problem}
TYPES: dict[Kind, Any] = {
    Kind.NUMBER: int,
    Kind.SHARE: float,
    Kind.SECONDS: float,
    Kind.TIME: datetime,
    Kind.FLAG: bool,
    Kind.ITEMS: list[str],
    Kind.PAIRS: dict[str, Any],
    Kind.ID: UUID,
}


def rows_schema(definition: ListDefinition) -> Any:
    """Return the schema of a page of a list; the parameter `fields` selects the columns."""
    columns: dict[str, Any] = {
        column.name: (TYPES.get(column.kind, str) | None, Field(None, title=column.label))
        for column in definition.columns
    }
    name = definition.name.title().replace("_", "")
    row = create_model(f"{name}Row", __base__=Schema, **columns)
    return create_model(
        f"{name}Page",
        __base__=Schema,
        items=(list[row], ...),  # type: ignore[valid-type]
        next=(
            str | None,
            Field(None, description="Cursor of the next page; null on the last page."),
        ),
    )


def params_schema(definition: ListDefinition) -> Any:
    """Return the schema of a list's query parameters for the API documentation."""
    filters: dict[str, Any] = {item.name: _param(item) for item in definition.filters}
    names = dict.fromkeys(sort.name for sort in definition.sorts)
    orders = [f"{sign}{name}" for name in names for sign in ("", "-")]
    return create_model(
        f"{definition.name.title().replace('_', '')}Params",
        __config__=ConfigDict(extra="allow"),
        **filters,
        sort=(
            str | None,
            Field(None, description=f"{', '.join(orders)}. Default: {definition.default_sort}"),
        ),
        cursor=(str | None, Field(None, description="`next` of the previous page.")),
        limit=(int, Field(DEFAULT_ROWS, ge=1, le=MOST_ROWS)),
        fields=(
            str | None,
            Field(None, description=f"Of {', '.join(definition.column_by_name)}; by commas."),
        ),
        format=(Format, Field(Format.JSON, description="JSON or JSON Lines.")),
    )


def _param(item: Filter) -> Any:
    values = f"One of {', '.join(v for v, _ in item.choices)}." if item.choices else ""
    text = f"{item.label}. {values or item.placeholder} {item.help_text}".strip()
    return (list[str] | None, Field(None, description=text))


def add_list(router: Router, path: str, definition: ListDefinition) -> None:
    """Add the GET of a list to a router."""
    schema: Any = params_schema(definition)

    def rows(request: HttpRequest, params: Any) -> HttpResponseBase:
        return respond(request, definition, params)

    rows.__name__ = f"list_{definition.name}"
    rows.__doc__ = f"List {definition.label.lower()}; filters are combined with AND."
    rows.__annotations__["params"] = Query[schema]  # type: ignore[misc]
    router.get(path, response={200: rows_schema(definition), **ERRORS})(rows)


def respond(
    request: HttpRequest,
    definition: ListDefinition,
    params: Any,
    base: QuerySet | None = None,
    default_sort: str = "",
) -> HttpResponseBase:
    """Return the page of a list for its query parameters; raise InputError.

    `params` are those of its `params_schema`.
    """
    query = ListQuery(definition, request.GET, caller(request), base, default_sort, PARAMS)
    for name, message in query.errors.items():
        raise InputError(name, message)
    columns = _columns(query.definition, request.GET.get("fields", ""))
    page = _page(query, columns, params.limit)
    items = (row_values(row, columns) for row in page.rows)
    if params.format == Format.LINES:
        response = StreamingHttpResponse(_lines(items), content_type=JSON_LINES)
        if page.next:
            url = request.build_absolute_uri(f"?{query.query_at(page.next)}")
            response["Link"] = f'<{url}>; rel="next"'
            response["X-Next-Cursor"] = page.next
        return response
    return Response({"items": list(items), "next": page.next or None})


def row_values(row: Any, columns: Iterable[Column]) -> dict[str, Any]:
    """Return a row's columns as JSON values."""
    return {column.name: plain(column.value_of(row)) for column in columns}


def _columns(definition: ListDefinition, names: str) -> list[Column]:
    requested = column_names(names)
    if message := definition.unknown_column(requested):
        raise InputError("fields", message)
    return [definition.column_by_name[name] for name in requested] or list(definition.columns)


def _page(query: ListQuery, columns: list[Column], limit: int) -> Rows:
    try:
        return query.page(columns, size=limit, for_cells=False)
    except BadCursor as error:
        raise InputError("cursor", str(error)) from error
    except QueryTooSlow as error:
        raise InputError("", str(error)) from error


def _lines(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    for item in items:
        yield json.dumps(item, ensure_ascii=False, cls=DjangoJSONEncoder) + "\n"
