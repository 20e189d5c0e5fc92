"""Delete a batch after asking whether to keep its results."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from batches.bulk import start_batch_deletion
from batches.deletion import check_deletable, count_produced
from batches.models import Batch
from batches.transitions import TransitionError
from scans.bulk.models import BulkAction
from scans.bulk.operations import get_operation
from scrapersky.tenants.access import can_write, check_writable, get_readable
from scrapersky.web.http import ConsoleRequest
from scrapersky.web.lists.deadline import QueryTooSlow, deadline


@require_http_methods(["GET", "HEAD", "POST"])
def batch_delete(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Ask whether to keep the results of a batch, then delete it."""
    batch = get_readable(Batch.objects.all(), request.user, pk=pk)
    if request.method != "POST" and not can_write(request.user, batch.tenant_id):
        return redirect("batch_detail", pk=pk)
    check_writable(request.user, batch.tenant_id)
    try:
        check_deletable(batch)
        if request.method != "POST":
            return render(request, "batches/confirm_batch.html", _context(batch))
        with_results = request.POST.get("results") == "delete"
        action = start_batch_deletion(batch, with_results=with_results, user=request.user)
    except TransitionError as error:
        messages.error(request, str(error))
        return redirect("batch_detail", pk=pk)
    return _say(request, action)


def _context(batch: Batch) -> dict[str, object]:
    try:
        with deadline():
            produced: int | None = count_produced(batch)
    except QueryTooSlow:
        produced = None
    return {"batch": batch, "produced": produced}


def _say(request: ConsoleRequest, action: BulkAction) -> HttpResponse:
    if action.status == BulkAction.Status.COMPLETE:
        operation = get_operation(action.list_name, action.operation)
        messages.success(request, operation.sentence(action.result, action.params))
        return redirect("batch_list")
    return redirect("bulk_action_detail", pk=action.pk)
