"""Bulk actions: start one from a list, follow its progress, stop it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from scans.bulk import running
from scans.bulk.models import BulkAction, Result, merged
from scans.bulk.operations import Operation, find_operation, get_operation, sentence_of
from scrapersky.tenants.access import can_write, get_readable, get_writable, readable
from scrapersky.web.http import ConsoleRequest, control_of, fragment_of
from scrapersky.web.lists.definition import ListDefinition, find_list
from scrapersky.web.lists.query import COUNT_LIMIT, Count
from scrapersky.web.lists.selection import Selection, back_to_list
from scrapersky.web.paging import page_of


def selected(definition: ListDefinition, name: str) -> Callable[..., HttpResponse]:
    """Return the view that applies an operation to the selected rows of a list."""

    @control_of(definition.url_name)
    def view(request: ConsoleRequest) -> HttpResponse:
        operation = get_operation(definition.name, name)
        try:
            params = operation.read(request.POST)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return back_to_list(definition, request.POST)
        selection = Selection.of_post(definition, request.POST, request.user)
        if operation.confirm and "confirmed" not in request.POST:
            return _ask(request, operation, selection)
        actions = running.start(operation, selection, params, request.user)
        if not actions:
            return _nothing_selected(request, definition)
        running.run_at_once(actions)
        return _say_result(request, definition, operation, actions)

    return view


def _nothing_selected(request: ConsoleRequest, definition: ListDefinition) -> HttpResponse:
    messages.warning(request, f"Select at least one {definition.singular}.")
    return back_to_list(definition, request.POST)


def _ask(request: ConsoleRequest, operation: Operation, selection: Selection) -> HttpResponse:
    """Ask for confirmation before deleting rows, showing their number."""
    count = sum(count for _, count in selection.counts(COUNT_LIMIT + 1))
    if not count:
        return _nothing_selected(request, selection.definition)
    context = {
        "definition": selection.definition,
        "selection": selection,
        "count": Count(count),
        "url": request.path,
        "back": request.POST.get("back") or request.POST.get("query", ""),
    }
    return render(request, operation.confirm, context)


def _say_result(
    request: ConsoleRequest,
    definition: ListDefinition,
    operation: Operation,
    actions: list[BulkAction],
) -> HttpResponse:
    result: Result = {}
    for action in actions:
        if action.status == BulkAction.Status.FAILED:
            messages.error(request, action.error)
        result = merged(result, action.result)
    for action in actions:
        if not action.is_ended:
            return redirect("bulk_action_detail", pk=action.pk)
    if any(action.status == BulkAction.Status.COMPLETE for action in actions):
        messages.success(request, operation.sentence(result, actions[0].params))
    if result and operation.landing:
        return redirect(operation.landing(result))
    return back_to_list(definition, request.POST)


@require_safe
def bulk_action_list(request: ConsoleRequest) -> HttpResponse:
    """List bulk actions, newest first."""
    rows = readable(BulkAction.objects.select_related("created_by"), request.user)
    page = page_of(request, rows, size=25)
    context = {"page": page, "rows": [_shown(action) for action in page]}
    return render(request, "bulk/action_list.html", context)


@require_safe
def bulk_action_detail(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show the progress and result of a bulk action."""
    return render(request, "bulk/action_detail.html", _context(request, pk))


@require_safe
@fragment_of("bulk_action_detail")
def bulk_action_progress(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Return the live part of a bulk action's page."""
    return render(request, "bulk/_progress.html", _context(request, pk))


@control_of("bulk_action_detail")
def bulk_action_stop(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Stop a bulk action; changes already made are kept."""
    action = get_writable(BulkAction.objects.all(), request.user, pk=pk)
    operation = find_operation(action.list_name, action.operation)
    if operation and not operation.can_stop:
        messages.warning(request, "This action cannot be stopped; wait until it ends.")
    elif BulkAction.objects.filter(pk=action.pk).stop():
        messages.success(request, "The action is stopped. Changes already made are kept.")
    else:
        messages.info(request, "The action has already ended.")
    return redirect("bulk_action_detail", pk=pk)


def _context(request: ConsoleRequest, pk: UUID) -> dict[str, Any]:
    action = get_readable(BulkAction.objects.select_related("created_by"), request.user, pk=pk)
    operation = find_operation(action.list_name, action.operation)
    can_stop = operation is None or operation.can_stop
    return _shown(action) | {"may_stop": can_stop and can_write(request.user, action.tenant_id)}


def _shown(action: BulkAction) -> dict[str, Any]:
    """Return an action's values for templates."""
    operation = find_operation(action.list_name, action.operation)
    definition = find_list(action.list_name)
    landing = operation.landing(action.result) if operation and operation.landing else ""
    return {
        "action": action,
        "title": operation.doing if operation else str(action),
        "definition": definition,
        "sentence": sentence_of(action),
        "landing": landing if action.result else "",
    }
