"""The admin of login delays, where superusers can clear them."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from scrapersky.tenants.models import LoginDelay
from scrapersky.tenants.owned_admin import InstallationAdmin


@admin.register(LoginDelay)
class LoginDelayAdmin(InstallationAdmin):
    """Deleting a row clears its delay and its failures."""

    list_display = ["kind", "account", "address", "failures", "last_failed_at", "waits"]
    list_filter = ["kind"]
    search_fields = ["account", "address"]
    fields = ["kind", "account", "address", "failures", "last_failed_at", "delayed_until"]
    actions = ["clear"]

    @admin.display(description="Delay left")
    def waits(self, row: LoginDelay) -> str:
        left = row.seconds_left(timezone.now())
        return f"{left} s" if left else ""

    @admin.action(description="Clear the selected delays")
    def clear(self, request: HttpRequest, queryset: QuerySet[LoginDelay]) -> None:
        count, _ = queryset.delete()
        self.message_user(request, f"Cleared {count} delay{'' if count == 1 else 's'}.")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_write(request, obj)
