"""The admin of recurring batches, their runs, and the console's own maintenance runs."""

from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from batches.models import MaintenanceRun, RecurringBatch, RecurringRun
from batches.recurring import Outcome, start_now
from scans.templatetags.console import badge
from scrapersky.tenants.models import User
from scrapersky.tenants.owned_admin import BY_TENANT, InstallationAdmin, ReadOnlyAdmin


@admin.register(RecurringBatch)
class RecurringBatchAdmin(ReadOnlyAdmin):
    """Recurring batches; they are edited in the console, where the list is read and checked."""

    list_display = ["name", "timing", "domain_count", "enabled", "next_run_at", "tenant"]
    list_filter = ["enabled", "frequency", BY_TENANT]
    list_select_related = ["tenant"]
    search_fields = ["name"]
    deferred = ["domains"]
    exclude = ["domains"]  # may be millions of lines
    actions = ["run_now", "switch_on", "switch_off"]

    def view_on_site(self, obj: RecurringBatch) -> str:
        return reverse("schedule_detail", args=[obj.pk])

    @admin.action(description="Run now", permissions=["view"])
    def run_now(self, request: HttpRequest, rows: QuerySet[RecurringBatch]) -> None:
        user, now = cast(User, request.user), timezone.now()
        runs = [start_now(row, user=user, now=now) for row in rows]
        started = sum(run.outcome == Outcome.STARTED for run in runs)
        for run in runs:
            if run.outcome != Outcome.STARTED:
                messages.warning(request, f"{run.recurring}: {run.note}")
        messages.success(request, f"{started} of {len(runs)} started.")

    @admin.action(description="Switch on", permissions=["view"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[RecurringBatch]) -> None:
        switched = sum(row.enable(timezone.now()) for row in rows)
        messages.success(request, f"{switched} switched on.")

    @admin.action(description="Switch off", permissions=["view"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[RecurringBatch]) -> None:
        switched = sum(row.disable(timezone.now()) for row in rows)
        messages.success(request, f"{switched} switched off.")


@admin.register(RecurringRun)
class RecurringRunAdmin(ReadOnlyAdmin):
    list_display = ["recurring", "planned_at", "state", "batch", "note"]
    list_filter = ["outcome"]
    list_select_related = ["recurring", "batch"]
    search_fields = ["recurring__name"]
    ordering = ["-planned_at"]
    deferred = ["recurring__domains"]

    def view_on_site(self, obj: RecurringRun) -> str:
        return reverse("schedule_detail", args=[obj.recurring_id])

    @admin.display(description="Outcome", ordering="outcome")
    def state(self, obj: RecurringRun) -> SafeString:
        return badge(obj.outcome, obj.get_outcome_display())


@admin.register(MaintenanceRun)
class MaintenanceRunAdmin(InstallationAdmin):
    list_display = ["name", "state", "note", "started_at", "ended_at"]
    list_filter = ["outcome"]
    search_fields = ["name"]

    @admin.display(description="Outcome", ordering="outcome")
    def state(self, obj: MaintenanceRun) -> SafeString:
        return badge(obj.outcome, obj.get_outcome_display())
