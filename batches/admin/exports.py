"""The admin of exports, of lists and their lines, and of the counts of a day."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest

from batches.lists import BATCHES
from batches.models import Batch, BatchList, BatchRow, DailyCount, Export, ExportedRow, ViewExport
from scrapersky.tenants.access import readable
from scrapersky.tenants.owned_admin import BY_LIST, BY_TENANT, ReadOnlyAdmin, TenantFilter


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    list_display = ["list_name", "format", "status", "row_count", "created_by", "created_at"]
    list_filter = ["status", "format", BY_LIST, BY_TENANT]
    list_select_related = ["created_by"]
    search_fields = ["list_name"]
    ordering = ["-pk"]


class OfBatchAdmin(ReadOnlyAdmin):
    """Rows of batches, searched by their batch as in the console."""

    search_fields: ClassVar = ("pk",)  # a non-empty value shows the search box
    search_help_text: ClassVar = "Words of the batch's name, or its id"
    ordering = ["-pk"]
    sortable_by = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if not search_term.strip():
            return queryset, False
        by_name = BATCHES.filter_by_name["q"]
        batches = by_name.apply(
            readable(Batch.objects.order_by(), request.user), by_name.values([search_term])
        )
        return queryset.filter(batch__in=batches.values("pk")), False


@admin.register(BatchList)
class BatchListAdmin(OfBatchAdmin):
    list_display = ["batch", "hosts", "rejected_count", "bytes_read", "byte_count", "updated_at"]
    list_select_related = ["batch"]


@admin.register(BatchRow)
class BatchRowAdmin(OfBatchAdmin):
    list_display = ["batch", "line", "domain", "reason"]
    list_select_related = ["batch", "domain"]
    exclude = ["kinds"]

    def get_ordering(self, request: HttpRequest) -> Any:
        """Show the lines of a batch in their order, which has an index."""
        is_search = request.GET.get(SEARCH_VAR)
        return ["batch_id", "position"] if is_search else super().get_ordering(request)


@admin.register(ViewExport)
class ViewExportAdmin(ReadOnlyAdmin):
    list_display = ["view", "user", "number", "row_count", "only_changes", "finished_at"]
    list_filter = ["only_changes", ("view__tenant", TenantFilter)]
    list_select_related = ["view", "user"]
    search_fields = ["view__name"]


@admin.register(ExportedRow)
class ExportedRowAdmin(ReadOnlyAdmin):
    list_display = ["row_id", "view", "user", "number"]
    list_select_related = ["view", "user"]
    search_fields = ["view__name", "user__username"]
    exclude = ["digest"]
    ordering = ["-pk"]
    sortable_by = ()


@admin.register(DailyCount)
class DailyCountAdmin(ReadOnlyAdmin):
    list_display = ["day", "measure", "name", "count", "tenant"]
    list_filter = ["measure", BY_TENANT]
    list_select_related = ["tenant"]
    search_fields = ["name"]
    date_hierarchy = "day"
    ordering = ["-day", "measure", "name"]
