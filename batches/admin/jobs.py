"""The admin of jobs and of the workers that run them."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from batches.admin.actions import make_batch, queue_sitemaps, scan_again, scan_each
from batches.admin.transition_actions import cancel_jobs, retry_jobs
from batches.models import Job, Worker
from scans.admin import IndexedSearch
from scans.models import Domain
from scans.templatetags.console import badge
from scrapersky.tenants.owned_admin import BY_TENANT, InstallationAdmin

# The actions on domains are defined in this app: it may import scans, not the other way round.
admin.site.get_model_admin(Domain).actions = [scan_each, make_batch, queue_sitemaps]


@admin.register(Job)
class JobAdmin(IndexedSearch):
    list_display = ["domain", "state", "failure_reason", "batch", "took", "created_at", "console"]
    list_filter = ["status", "failure_reason", "job_type", BY_TENANT]
    list_select_related = ["domain", "batch"]
    ordering = ["-pk"]
    deferred = ["result"]
    actions = [retry_jobs, cancel_jobs, scan_again]
    search_help_text = "A domain, its beginning, its ending after a dot, or an id of a job"

    def matches(self, text: str) -> Any:
        """Search by any id that a job has or had, or else by its domain."""
        named = list(Job.objects.named(text).values_list("pk", flat=True))
        return Q(pk__in=named) if named else super().matches(text)

    @admin.display(description="Status", ordering="status")
    def state(self, obj: Job) -> SafeString:
        return badge(obj.status, obj.get_status_display())

    @admin.display(description="Duration")
    def took(self, obj: Job) -> str:
        return "-" if obj.seconds is None else f"{obj.seconds:.1f} s"

    @admin.display(description="Console")
    def console(self, obj: Job) -> SafeString:
        return format_html('<a href="{}">open</a>', self.view_on_site(obj))

    def view_on_site(self, obj: Job) -> str:
        return reverse("job_detail", args=[obj.pk])


@admin.register(Worker)
class WorkerAdmin(InstallationAdmin):
    list_display = [
        "host",
        "state",
        "pid",
        "started_at",
        "age",
        "heartbeat_at",
        "network_down_since",
        "ended_at",
    ]
    list_filter = ["status"]
    search_fields = ["host"]

    @admin.display(description="Age", ordering="started_at")
    def age(self, obj: Worker) -> str:
        return str(timedelta(seconds=int(obj.age.total_seconds())))

    @admin.display(description="Status", ordering="status")
    def state(self, obj: Worker) -> SafeString:
        return badge(obj.status, obj.get_status_display())
