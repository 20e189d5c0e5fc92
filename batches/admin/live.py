"""The parts of the batch admin that update themselves, and the buttons on a batch's page."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from batches.models import Batch
from batches.progress import progress_of
from batches.views import transitions
from scans.templatetags.console import badge, number, percent
from scrapersky.tenants.owned_admin import OwnedAdmin

# The buttons are those of the console.
CONTROLS: dict[str, Any] = {
    "pause": transitions.batch_pause,
    "resume": transitions.batch_resume,
    "cancel": transitions.batch_cancel,
    "retry": transitions.batch_retry,
}


def _bar(batch: Batch) -> SafeString:
    return format_html(
        '<progress class="bar" max="{}" value="{}" aria-label="Progress of {}">{}</progress>',
        batch.total or 1,
        batch.ended,
        batch,
        percent(batch.progress),
    )


# The cells of the list that change while a batch runs.
CELLS: dict[str, Callable[[Batch], str]] = {
    "state": lambda batch: badge(batch.status, batch.get_status_display()),
    "bar": _bar,
    "sites": lambda batch: number(batch.total),
    "failures": lambda batch: number(batch.failed),
}


def cell(batch: Batch, name: str) -> SafeString:
    """Return the content of a cell, with an id by which an update replaces it."""
    return format_html('<span id="{}-{}">{}</span>', name, batch.pk, CELLS[name](batch))


def updates(batches: Iterable[Batch]) -> SafeString:
    """Return every cell that may have changed, for htmx to swap in."""
    cells = ((name, batch.pk, CELLS[name](batch)) for batch in batches for name in CELLS)
    return format_html_join("", '<span id="{}-{}" hx-swap-oob="true">{}</span>', cells)


class LiveBatchAdmin(OwnedAdmin):
    """Show the live progress of batches without reloading the page."""

    change_list_template = "admin/batches/batch/change_list.html"
    change_form_template = "admin/batches/batch/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"batches_batch_{name}")

        return [
            own("live/", require_safe(self.live_rows), "live_rows"),
            own("<uuid:pk>/live/", require_safe(self.live_progress), "live"),
            own("<uuid:pk>/control/", require_POST(self.control), "control"),
            *super().get_urls(),
        ]

    @admin.display(description="Status", ordering="status")
    def state(self, obj: Batch) -> SafeString:
        return cell(obj, "state")

    @admin.display(description="Progress")
    def bar(self, obj: Batch) -> SafeString:
        return cell(obj, "bar")

    @admin.display(description="Total", ordering="total")
    def sites(self, obj: Batch) -> SafeString:
        return cell(obj, "sites")

    @admin.display(description="Failed", ordering="failed")
    def failures(self, obj: Batch) -> SafeString:
        return cell(obj, "failures")

    def live_rows(self, request: HttpRequest) -> HttpResponse:
        """Return the changing cells of the batches whose ids are in `pk`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            keys = request.GET.getlist("pk")[: self.list_per_page]
            batches = list(self.get_queryset(request).in_bulk(keys).values())
        except ValidationError:
            batches = []
        running = any(not batch.is_ended for batch in batches)
        context = {"batches": batches, "is_last": not running, "updates": updates(batches)}
        return render(request, "admin/batches/batch/_live_rows.html", context)

    def live_progress(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Return the progress of a batch with its buttons."""
        batch = self._batch(request, pk)
        return render(request, "batches/_progress.html", self.progress_context(request, batch))

    def control(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Pause, resume, cancel or retry a batch, then show it again."""
        batch = self._batch(request, pk)
        self.check_row(request, batch)
        button = CONTROLS.get(request.POST.get("control", ""))
        if button:
            button(request, pk=batch.pk)
        return redirect("admin:batches_batch_change", batch.pk)

    def progress_context(self, request: HttpRequest, batch: Batch) -> dict[str, Any]:
        return {
            "batch": batch,
            "progress": progress_of(batch),
            "is_admin": True,
            "may_control": self.may_write(request, batch),
        }

    def _batch(self, request: HttpRequest, pk: UUID) -> Batch:
        if not self.has_view_permission(request):
            raise PermissionDenied
        batch: Batch = get_object_or_404(self.get_queryset(request), pk=pk)
        return batch
