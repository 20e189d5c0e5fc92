"""The admin of background exports."""

from django.contrib import admin

from batches.models import Export
from scrapersky.tenants.owned_admin import BY_TENANT, ReadOnlyAdmin


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    list_display = ["list_name", "format", "status", "row_count", "created_by", "created_at"]
    list_filter = ["status", "format", BY_TENANT]
    list_select_related = ["created_by"]
    search_fields = ["list_name"]
    ordering = ["-pk"]
