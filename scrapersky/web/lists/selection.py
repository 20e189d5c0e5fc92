"""The rows a bulk action is about: those that were ticked, or all that match the filter."""

from contextlib import suppress
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect, QueryDict

from scrapersky.tenants.access import writable
from scrapersky.tenants.models import User
from scrapersky.web.lists.definition import ListDefinition
from scrapersky.web.lists.query import ListQuery


def selected_rows(definition: ListDefinition, params: QueryDict, user: User) -> QuerySet:
    """Return the selected rows that the user may change, in no order.

    `pick` names single rows; `all` asks for every row that matches the filters of `query`, the
    list's own query string. A filter that cannot be read matches nothing here: ignoring it would
    match all. Raises PermissionDenied for a user who may change nothing at all.
    """
    rows = writable(definition.rows(), user)
    if not params.get("all"):
        return rows.filter(pk__in=_uuids(params.getlist("pick")))
    query = ListQuery.of_text(definition, params.get("query", ""), user, base=rows)
    return rows.none() if query.errors else query.rows


def back_to_list(definition: ListDefinition, params: QueryDict) -> HttpResponse:
    """Return to the list as it was shown when its form was sent: `back`, or else `query`."""
    shown = params.get("back") or params.get("query", "")
    return HttpResponseRedirect(f"{definition.url}?{shown}".rstrip("?"))


def _uuids(texts: list[str]) -> list[UUID]:
    ids = []
    for text in texts:
        with suppress(ValueError):
            ids.append(UUID(text))
    return ids
