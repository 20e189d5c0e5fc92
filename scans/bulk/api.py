"""Bulk actions through the API: start, poll and stop them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from ninja import Router, Schema, Status
from pydantic import Field

from scans.bulk import running
from scans.bulk.models import BulkAction
from scans.bulk.operations import Operation, find_operation, sentence_of
from scrapersky.tenants.access import get_readable, get_writable
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import ConflictError, InputError, Problem
from scrapersky.web.api_input import RequestBody
from scrapersky.web.lists.definition import get_list
from scrapersky.web.lists.query import ListQuery
from scrapersky.web.lists.selection import Selection

UNKNOWN = {401: Problem, 403: Problem, 404: Problem, 422: Problem}
# Maximum number of `ids`; more rows are selected by a query.
MOST_IDS = 10_000
# The field that an operation reads; for the others it is `tags`.
PARAM_OF = {
    "curate": "curation",
    "add_to_list": "saved_list",
    "remove_from_list": "saved_list",
}

router = Router()


class ActionIn(RequestBody):
    """The operation and its rows: those in `ids`, or all that match `query`."""

    list: str = Field(description="domains, contacts, pages or sitemaps.")
    action: str = Field(
        description="curate; for domains also tag, untag, add_to_list, remove_from_list, scan, "
        "sitemaps (queue them) and delete."
    )
    ids: tuple[UUID, ...] | None = Field(default=None, max_length=MOST_IDS)
    query: str | None = Field(
        default=None,
        max_length=10_000,
        description="The filters, as in the list's query string; empty for all rows.",
    )
    curation: str = Field(default="", description="For curate: the status.")
    tags: tuple[str, ...] = Field(default=(), max_length=100, description="For tag and untag.")
    saved_list: str = Field(
        default="",
        max_length=200,
        description="For add_to_list, which creates it if there is none, and remove_from_list: "
        "the name of the list.",
    )


class ActionOut(Schema):
    """The progress of an action: poll it until it is `complete`, `failed` or `cancelled`."""

    action_id: UUID
    tenant_id: UUID
    list: str
    action: str
    status: str
    total: int | None = Field(description="Null if there are too many rows to count.")
    done: int
    result: dict[str, Any]
    message: str
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class ActionsOut(Schema):
    """The started actions: one for each tenant with selected rows."""

    actions: list[ActionOut]


@router.post("", response={200: ActionsOut, 202: ActionsOut, **UNKNOWN})
def create_action(request: HttpRequest, payload: ActionIn) -> Status:
    """Apply an action to rows of a list: up to 5,000 at once (200), more in background (202)."""
    operation = _operation(payload)
    selection = _selection(request, payload)
    actions = running.start(operation, selection, _params(operation, payload), caller(request))
    running.run_at_once(actions)
    is_over = all(action.is_ended for action in actions)
    return Status(200 if is_over else 202, {"actions": [action_out(item) for item in actions]})


@router.get("/{uuid:action_id}", response={200: ActionOut, **UNKNOWN})
def action_status(request: HttpRequest, action_id: UUID) -> dict[str, Any]:
    """Return the progress of an action."""
    return action_out(get_readable(BulkAction.objects.all(), caller(request), pk=action_id))


@router.post("/{uuid:action_id}/stop", response={200: ActionOut, 409: Problem, **UNKNOWN})
def stop_action(request: HttpRequest, action_id: UUID) -> dict[str, Any]:
    """Stop an action; changes already made are kept."""
    action = get_writable(BulkAction.objects.all(), caller(request), pk=action_id)
    operation = find_operation(action.list_name, action.operation)
    if operation and not operation.can_stop:
        raise ConflictError("action_id", "This action cannot be stopped; wait until it ends.")
    if not BulkAction.objects.filter(pk=action.pk).stop():
        raise ConflictError("action_id", "The action has already ended.")
    action.refresh_from_db()
    return action_out(action)


def action_out(action: BulkAction) -> dict[str, Any]:
    """Return an action as an API response."""
    return {
        "action_id": action.pk,
        "tenant_id": action.tenant_id,
        "list": action.list_name,
        "action": action.operation,
        "status": action.status,
        "total": action.total,
        "done": action.done,
        "result": action.result,
        "message": sentence_of(action),
        "error": action.error or None,
        "created_at": action.created_at,
        "finished_at": action.finished_at,
    }


def _operation(payload: ActionIn) -> Operation:
    operation = find_operation(payload.list, payload.action)
    if operation is None or operation.advance is not None:
        raise InputError("action", "This list has no action with this name.")
    return operation


def _params(operation: Operation, payload: ActionIn) -> dict[str, Any]:
    sent = QueryDict(mutable=True)
    sent["curation"], sent["tags"] = payload.curation, ",".join(payload.tags)
    sent["saved_list"] = payload.saved_list
    try:
        return operation.read(sent)
    except ValidationError as error:
        name = PARAM_OF.get(operation.name, "tags")
        raise InputError(name, " ".join(error.messages)) from error


def _selection(request: HttpRequest, payload: ActionIn) -> Selection:
    """Return the selection; an invalid filter is an error, so that it does not select more rows."""
    if (payload.ids is None) == (payload.query is None):
        raise InputError("ids", "Send either `ids` or `query`.")
    definition, user = get_list(payload.list), caller(request)
    query = ListQuery.of_text(definition, payload.query or "", user)
    for problem in query.problems:
        raise InputError("query", problem)
    takes_all = payload.query is not None
    return Selection(definition, user, takes_all, payload.query or "", payload.ids or ())
