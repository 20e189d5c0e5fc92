"""The admin of users' list settings."""

from django.contrib import admin

from scrapersky.tenants.admin.access_rows import AccountRowAdmin
from scrapersky.tenants.owned_admin import BY_LIST, BY_TENANT
from scrapersky.tenants.preferences import ListSettings, SavedView


@admin.register(SavedView)
class SavedViewAdmin(AccountRowAdmin):
    owner = "owner"
    list_display = ["name", "list_name", "owner", "is_shared", "tenant", "created_at"]
    list_filter = [BY_LIST, "is_shared", BY_TENANT]
    list_select_related = ["owner", "tenant"]
    search_fields = ["name"]


@admin.register(ListSettings)
class ListSettingsAdmin(AccountRowAdmin):
    list_display = ["user", "list_name", "first_view"]
    list_filter = [BY_LIST]
    list_select_related = ["user", "first_view"]
    search_fields = ["user__username"]
