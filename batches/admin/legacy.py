"""The admin of the id map."""

from django.contrib import admin

from batches.models import LegacyId
from scrapersky.tenants.owned_admin import InstallationAdmin


@admin.register(LegacyId)
class LegacyIdAdmin(InstallationAdmin):
    list_display = ["original", "integer", "uuid", "kind", "how"]
    list_filter = ["kind", "how"]
    search_fields = ["original__exact"]
    sortable_by = ()
