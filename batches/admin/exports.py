"""The admin of exports, of lists and their lines, and of the counts of a day."""

from django.contrib import admin

from batches.models import BatchList, BatchRow, DailyCount, Export, ExportedRow, ViewExport
from scrapersky.tenants.owned_admin import BY_TENANT, ReadOnlyAdmin, TenantFilter


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    list_display = ["list_name", "format", "status", "row_count", "created_by", "created_at"]
    list_filter = ["status", "format", BY_TENANT]
    list_select_related = ["created_by"]
    search_fields = ["list_name"]
    ordering = ["-pk"]


@admin.register(BatchList)
class BatchListAdmin(ReadOnlyAdmin):
    list_display = ["batch", "file", "updated_at"]
    list_select_related = ["batch"]
    ordering = ["-pk"]


@admin.register(BatchRow)
class BatchRowAdmin(ReadOnlyAdmin):
    list_display = ["batch", "line", "domain", "reason"]
    list_select_related = ["batch", "domain"]
    exclude = ["kinds"]
    ordering = ["-pk"]
    sortable_by = ()


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
