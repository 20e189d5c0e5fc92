"""The admin of what users have set for lists."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from scrapersky.tenants.access import has_all_rights
from scrapersky.tenants.owned_admin import BY_TENANT, ReadOnlyAdmin
from scrapersky.tenants.preferences import ListSettings, SavedView


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ["name", "list_name", "owner", "is_shared", "tenant", "created_at"]
    list_filter = ["list_name", "is_shared", BY_TENANT]
    list_select_related = ["owner", "tenant"]
    search_fields = ["name"]


@admin.register(ListSettings)
class ListSettingsAdmin(ReadOnlyAdmin):
    list_display = ["user", "list_name", "first_view"]
    list_filter = ["list_name"]
    list_select_related = ["user", "first_view"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListSettings]:
        """Show all rows to superusers, and to anybody else their own."""
        rows = ListSettings.objects.all()
        return rows if has_all_rights(request.user) else rows.filter(user=request.user.pk)
