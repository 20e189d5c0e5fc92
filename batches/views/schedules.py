"""Schedules: recurring batches, their runs, and what the console does for itself."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from batches import maintenance
from batches.models import RecurringBatch
from batches.recurring import start_now
from batches.schedule_forms import RecurringForm
from scrapersky.tenants.access import (
    can_write,
    get_readable,
    get_writable,
    readable,
    tenant_for_new_rows,
)
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.paging import page_of


@require_safe
def schedule_list(request: ConsoleRequest) -> HttpResponse:
    """List recurring batches with their last runs, and the console's own schedules."""
    now = timezone.now()
    rows = readable(RecurringBatch.objects.with_last_run().defer("domains"), request.user)
    context = {
        "page": page_of(request, rows, size=25, paginator=Paginator),
        "maintenance_states": maintenance.states(now),
        "late_since": now - maintenance.LATE_AFTER,
    }
    return render(request, "batches/schedule_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_create(request: ConsoleRequest) -> HttpResponse:
    """Create a recurring batch."""
    tenant = tenant_for_new_rows(request.user)
    form = RecurringForm(*_submitted(request))
    recurring = form.create_recurring(tenant=tenant, created_by=request.user, now=timezone.now())
    if recurring is None:
        return render(request, "batches/schedule_form.html", {"form": form})
    messages.success(request, f"{recurring} is saved. {_next(recurring)}")
    return redirect("schedule_detail", pk=recurring.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_detail(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show a recurring batch with every run it had, and save changes."""
    get = get_writable if request.method == "POST" else get_readable
    rows = RecurringBatch.objects.select_related("created_by", "tenant")
    recurring = get(rows, request.user, pk=pk)
    form = RecurringForm.of(recurring, *_submitted(request))
    changed = form.change_recurring(recurring, now=timezone.now())
    if changed is not None:
        messages.success(request, f"The changes are saved. {_next(changed)}")
        return redirect("schedule_detail", pk=pk)
    runs = recurring.runs.select_related("batch").order_by("-planned_at", "-pk")
    context = {
        "form": form,
        "recurring": recurring,
        "page": page_of(request, runs, size=10, paginator=Paginator),
        "may_write": can_write(request.user, recurring.tenant_id),
        "late_since": timezone.now() - maintenance.LATE_AFTER,
    }
    return render(request, "batches/schedule_detail.html", context)


@control_of("schedule_detail")
def schedule_toggle(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Switch a recurring batch on or off: what the button said, regardless of its current state."""
    recurring = get_writable(RecurringBatch.objects.all(), request.user, pk=pk)
    turn_on = request.POST.get("enabled") == "true"
    switch: Callable[..., bool] = recurring.enable if turn_on else recurring.disable
    switch(timezone.now())
    recurring.refresh_from_db()
    messages.success(request, f"{recurring} is switched {'on' if turn_on else 'off'}.")
    return redirect("schedule_detail", pk=pk)


@control_of("schedule_detail")
def schedule_run(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Run a recurring batch now."""
    recurring = get_writable(RecurringBatch.objects.all(), request.user, pk=pk)
    run = start_now(recurring, user=request.user, now=timezone.now())
    if run.batch is None:
        messages.warning(request, f"No batch was started. {run.note}")
        return redirect("schedule_detail", pk=pk)
    return redirect("batch_detail", pk=run.batch.pk)


@control_of("schedule_detail")
def schedule_delete(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Delete a recurring batch and its history; the batches it made stay."""
    recurring = get_writable(RecurringBatch.objects.all(), request.user, pk=pk)
    recurring.delete()
    messages.success(request, f"{recurring} is deleted. Its batches are kept.")
    return redirect("schedule_list")


def _submitted(request: ConsoleRequest) -> tuple:
    return (request.POST, request.FILES) if request.method == "POST" else ()


def _next(recurring: RecurringBatch) -> str:
    if recurring.next_run_at is None:
        return "It is off."
    return f"The next run is on {recurring.next_run_at:%Y-%m-%d at %H:%M} UTC."
