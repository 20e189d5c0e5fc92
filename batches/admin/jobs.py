"""The admin of jobs and of the workers that run them."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from batches.admin.actions import make_batch, queue_sitemaps, scan_again, scan_each
from batches.admin.transition_actions import cancel_jobs, retry_jobs
from batches.models import Job, Worker
from scans.admin import IndexedSearch, report_text
from scans.engine.errors import FailureReason
from scans.models import FAILURE_REASONS, Domain
from scans.templatetags.console import badge
from scrapersky.tenants import access
from scrapersky.tenants.owned_admin import BY_TENANT, InstallationAdmin, ListedValuesFilter

# The actions on domains are defined in this app: it may import scans, not the other way round.
admin.site.get_model_admin(Domain).actions = [scan_each, make_batch, queue_sitemaps]


class JobStatusFilter(admin.ChoicesFieldListFilter):
    """Find waiting jobs by the partial indexes of those that a worker holds and those none does."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> Any:
        rows: Any = super().queryset(request, queryset)
        if self.lookup_val and Job.Status.PENDING in self.lookup_val:
            rows = rows.filter(Q(worker__isnull=True) | Q(worker__isnull=False))
        return rows


class FailureReasonFilter(ListedValuesFilter):
    """Find failed jobs by their partial index; that of cancelled jobs is their status."""

    @classmethod
    def values(cls) -> list[tuple[str, str]]:
        return [reason for reason in FAILURE_REASONS if reason[0] != FailureReason.CANCELLED]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> Any:
        rows: Any = super().queryset(request, queryset)
        return rows.filter(status=Job.Status.FAILED) if self.used_parameters else rows


@admin.register(Job)
class JobAdmin(IndexedSearch):
    list_display = ["domain", "state", "failure_reason", "batch", "took", "created_at"]
    list_filter = [
        ("status", JobStatusFilter),
        ("failure_reason", FailureReasonFilter),
        BY_TENANT,
    ]
    list_select_related = ["domain", "batch"]
    ordering = ["-pk"]
    deferred = ["result"]
    fields = (
        "id", "tenant", "batch", "domain", "job_type", "position", "status", "failure_reason",
        "error", "attempts", "stage", "progress", "worker", "scan", "options", "report",
        "created_by", "created_at", "started_at", "finished_at", "metadata", "legacy_id",
        "legacy_job_id",
    )  # fmt: skip
    actions = [retry_jobs, cancel_jobs, scan_again]
    search_help_text = "A domain, its beginning, its ending after a dot, or an id of a job"

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Show the private address of a refused site only to superusers."""
        own = super().get_fields(request, obj)
        return (*own, "private_address") if access.has_all_rights(request.user) else own

    def get_ordering(self, request: HttpRequest) -> Any:
        """Show the jobs of one batch in the order of its list, which has an index."""
        in_batch = "batch__id__exact" in request.GET
        return ["batch_id", "position"] if in_batch else super().get_ordering(request)

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

    @admin.display(description="Report")
    def report(self, obj: Job) -> SafeString | None:
        return report_text(obj.result) if obj.result else None

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
