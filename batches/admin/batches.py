"""The admin of batches."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from batches.admin.live import LiveBatchAdmin
from batches.admin.transition_actions import cancel, pause, resume, retry_failed, run_again
from batches.bulk import start_batch_deletion
from batches.forms import BatchForm
from batches.lists import BATCHES
from batches.models import Batch, Job
from batches.transitions import TransitionError
from scrapersky.tenants.access import check_writable, writable_tenants
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.owned_admin import BY_TENANT
from scrapersky.web.regional import grouped


class OwnedBatchForm(BatchForm):
    """A new batch of a selected tenant."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenants = writable_tenants(user)
        self.fields["tenant"] = forms.ModelChoiceField(tenants, initial=tenants.first())
        del self.fields["source"]  # what it offers depends on the tenant

    @property
    def list_fields(self) -> list[forms.BoundField]:
        """The fields that are not options."""
        return [self[name] for name in ("tenant", "name", "domains", "file", "column")]


@admin.register(Batch)
class BatchAdmin(LiveBatchAdmin):
    """Batches. Only the name can be edited; services change everything else."""

    list_display = ["title", "state", "bar", "sites", "failures", "tenant", "created_at"]
    list_filter = ["status", "processor_type", BY_TENANT, "created_at"]
    list_select_related = ["tenant"]
    search_fields = ["pk"]  # what shows the search box
    search_help_text = "Words of the name, or an id"
    ordering = ["-created_at"]
    sortable_by = ("created_at",)  # which an index has in order
    actions = [pause, resume, cancel, retry_failed, run_again]
    fields = (
        "name", "id", "tenant", "created_by", "processor_type", "status", "total", "completed",
        "failed", "cancelled", "options", "metadata", "error", "created_at", "started_at",
        "finished_at", "updated_at", "legacy_batch_id", "legacy_id",
    )  # fmt: skip
    readonly_fields = fields[1:]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Search as the console does, by indexes alone."""
        by_name = BATCHES.filter_by_name["q"]
        return by_name.apply(queryset, by_name.values([search_term])), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer no bulk deletion: some batches may still be running."""
        offered = super().get_actions(request)
        return {name: action for name, action in offered.items() if name != "delete_selected"}

    @admin.display(description="Name", ordering="name")
    def title(self, obj: Batch) -> SafeString:
        return format_html('<span class="cut" title="{0}">{0}</span>', obj)

    def view_on_site(self, obj: Batch) -> str:
        return reverse("batch_detail", args=[obj.pk])

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Allow deletion only of batches that have ended."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (not isinstance(obj, Batch) or obj.is_ended)

    def delete_model(self, request: HttpRequest, obj: Batch) -> None:
        """Delete a batch as the console does, a large one in the background."""
        self.check_row(request, obj)
        with_results = request.POST.get("results") == "delete"
        try:
            user = cast(User, request.user)
            action = start_batch_deletion(obj, with_results=with_results, user=user)
        except TransitionError as error:
            raise PermissionDenied(str(error)) from error
        if not action.is_ended:
            self.message_user(request, "The batch is large and is being deleted in the background.")

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """Name the batch and the number of its jobs; listing up to 100,000 would be too slow."""
        count = Job.objects.filter(batch__in=objs).count()
        return (
            [*map(str, objs), f"{grouped(count)} jobs"],
            {"batches": len(objs), "jobs": count},
            set(),
            [],
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """Create a batch with the console's form and service."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        submitted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = OwnedBatchForm(cast(User, request.user), *submitted)
        batch = self._create(request, form) if form.is_bound and form.is_valid() else None
        if batch:
            self.log_addition(request, batch, [{"added": {}}])
            return redirect("admin:batches_batch_change", batch.pk)
        context = self.admin_site.each_context(request) | {"opts": self.opts, "title": "Add batch"}
        context["form"] = form
        return TemplateResponse(request, "admin/batches/batch/add_form.html", context)

    def _create(self, request: HttpRequest, form: OwnedBatchForm) -> Batch | None:
        tenant: Tenant = form.cleaned_data["tenant"]
        check_writable(request.user, tenant.pk)
        return form.create(tenant=tenant, created_by=cast(User, request.user))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        batch = kwargs.get("obj")
        if batch is not None:
            context |= self.progress_context(request, batch)
        return super().render_change_form(request, context, *args, **kwargs)
