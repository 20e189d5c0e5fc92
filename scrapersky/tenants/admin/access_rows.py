"""The admin of API tokens and sessions, which owners see on their account page."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from scrapersky.tenants import access
from scrapersky.tenants.models import ApiToken, UserSession
from scrapersky.tenants.owned_admin import OwnedAdmin, ReadOnlyAdmin
from scrapersky.tenants.sessions import end_sessions


class AccountRowAdmin(ReadOnlyAdmin):
    """Rows of the user's own account, which can be deleted; all rows for a superuser."""

    owner = "user"
    list_select_related = ["user"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = self.model._default_manager.all()
        if access.has_all_rights(request.user):
            return rows
        return rows.filter(**{self.owner: request.user.pk})

    def may_write(self, request: HttpRequest, row: Any = None) -> bool:
        is_own = row is None or getattr(row, self.owner).pk == request.user.pk
        return is_own or access.has_all_rights(request.user)

    def may_write_all(self, request: HttpRequest, rows: QuerySet) -> bool:
        return all(self.may_write(request, row) for row in rows.select_related(self.owner))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return OwnedAdmin.has_delete_permission(self, request, obj)


@admin.register(ApiToken)
class ApiTokenAdmin(AccountRowAdmin):
    """Tokens are created on the account page, which shows them once."""

    list_display = ["name", "user", "state", "created_at", "expires_at", "last_used_at"]
    search_fields = ["name", "user__username"]
    fields = ["name", "user", "state", "created_at", "expires_at", "revoked_at", "last_used_at"]
    actions = ["revoke"]

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        count = ApiToken.objects.filter(pk__in=rows.values("pk")).revoke()
        self.message_user(request, f"{count} token{'' if count == 1 else 's'} revoked.")


@admin.register(UserSession)
class UserSessionAdmin(AccountRowAdmin):
    """Deleting a row logs the session out. Its key is never shown."""

    list_display = ["user", "device", "address", "created_at", "last_seen_at"]
    search_fields = ["user__username", "address"]
    fields = ["user", "device", "user_agent", "address", "created_at", "last_seen_at"]

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        self.delete_queryset(request, UserSession.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UserSession]) -> None:
        self.check_rows(request, queryset)
        end_sessions(queryset)
