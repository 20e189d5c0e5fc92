"""The admin of background exports, and of large lists that are still being read."""

from django.contrib import admin

from batches.models import BatchList, Export
from scrapersky.tenants.owned_admin import BY_TENANT, ReadOnlyAdmin


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
