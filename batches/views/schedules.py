"""Schedules: recurring batches, their runs, and the console's own schedules."""

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
from batches.timing import start_of_day
from scrapersky.tenants.access import (
    can_write,
    get_readable,
    get_writable,
    readable,
    tenant_for_new_rows,
)
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.paging import page_of
from scrapersky.web.regional import exact_time, grouped


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
    form = RecurringForm(*_submitted(request)).offer_sources(request.user, tenant)
    if "preview" in request.POST:
        return render(request, "batches/schedule_form.html", _preview_context(form))
    recurring = form.create_recurring(tenant=tenant, created_by=request.user, now=timezone.now())
    if recurring is None:
        return render(request, "batches/schedule_form.html", {"form": form})
    _announce(request, f"{recurring} is saved.", recurring, form)
    return redirect("schedule_detail", pk=recurring.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_detail(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show a recurring batch with all of its runs, and save changes."""
    get = get_writable if request.method == "POST" else get_readable
    rows = RecurringBatch.objects.select_related(
        "created_by", "tenant", "domain_list", "saved_view"
    )
    recurring = get(rows, request.user, pk=pk)
    form = RecurringForm.of(recurring, *_submitted(request))
    form.offer_sources(request.user, recurring.tenant)
    is_preview = "preview" in request.POST
    changed = None if is_preview else form.change_recurring(recurring, now=timezone.now())
    if changed is not None:
        _announce(request, "The changes are saved.", changed, form)
        return redirect("schedule_detail", pk=pk)
    runs = recurring.runs.select_related("batch").order_by("-planned_at", "-pk")
    context = (_preview_context(form) if is_preview else {"form": form}) | {
        "recurring": recurring,
        "next_runs": recurring.upcoming(timezone.now()),
        "is_paused": recurring.is_paused(timezone.now()),
        "page": page_of(request, runs, size=10, paginator=Paginator),
        "may_write": can_write(request.user, recurring.tenant_id),
        "late_since": timezone.now() - maintenance.LATE_AFTER,
    }
    return render(request, "batches/schedule_detail.html", context)


@control_of("schedule_detail")
def schedule_toggle(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Enable or disable a recurring batch as the button said, regardless of its current state."""
    recurring = get_writable(RecurringBatch.objects.all(), request.user, pk=pk)
    turn_on = request.POST.get("enabled") == "true"
    switch: Callable[..., bool] = recurring.enable if turn_on else recurring.disable
    switch(timezone.now())
    recurring.refresh_from_db()
    messages.success(request, f"{recurring} is switched {'on' if turn_on else 'off'}.")
    return redirect("schedule_detail", pk=pk)


@control_of("schedule_detail")
def schedule_pause(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Pause a recurring batch until the start of a date in its time zone."""
    recurring = get_writable(RecurringBatch.objects.all(), request.user, pk=pk)
    now = timezone.now()
    until = start_of_day(request.POST.get("until", ""), recurring.time_zone)
    if until is None or until <= now:
        messages.error(request, "Nothing was paused: enter a date in the future.")
    elif not recurring.pause(until, now):
        messages.error(request, f"{recurring} is switched off, so there is nothing to pause.")
    else:
        messages.success(request, f"{recurring} is paused until {until:%Y-%m-%d}.")
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
    """Delete a recurring batch and its history; its batches are kept."""
    recurring = get_writable(RecurringBatch.objects.all(), request.user, pk=pk)
    recurring.delete()
    messages.success(request, f"{recurring} is deleted. Its batches are kept.")
    return redirect("schedule_list")


def _submitted(request: ConsoleRequest) -> tuple:
    return (request.POST, request.FILES) if request.method == "POST" else ()


def _preview_context(form: RecurringForm) -> dict[str, object]:
    """Return the submitted form with a preview of its times."""
    upcoming = form.upcoming(timezone.now())
    form.check_times_alone()
    return {"form": form, "upcoming": upcoming}


def _announce(
    request: ConsoleRequest, done: str, recurring: RecurringBatch, form: RecurringForm
) -> None:
    """Confirm that a recurring batch is saved, with its next run and the lines left out."""
    messages.success(request, f"{done} {_next(recurring)}")
    parsed = form.parsed
    if parsed and parsed.rejected_count:
        lines = "; ".join(f"line {r.line} “{r.value}”: {r.reason}" for r in parsed.rejected[:3])
        more = parsed.rejected_count - 3
        rest = f" And {grouped(more)} more." if more > 0 else ""
        messages.warning(request, f"Not a domain to scan: {lines}{rest}")


def _next(recurring: RecurringBatch) -> str:
    if recurring.next_run_at is None:
        return "It is switched off."
    return f"The next run is on {exact_time(recurring.next_run_at)}."
