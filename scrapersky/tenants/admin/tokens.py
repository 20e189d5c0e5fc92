"""The admin of API tokens: each account sees its own, a superuser all of them."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from scrapersky.tenants import access, accounts
from scrapersky.tenants.models import ApiToken, User
from scrapersky.tenants.owned_admin import OwnedAdmin, ReadOnlyAdmin


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens are created on the account page, which shows them once; here they are deleted."""

    list_display = ["name", "user", "created_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["name", "user", "created_at", "last_used_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        rows = ApiToken.objects.all()
        return rows if access.has_all_rights(request.user) else rows.filter(user=request.user.pk)

    def may_write(self, request: HttpRequest, row: Any = None) -> bool:
        """A token is its account's; it goes with an account that the user may delete."""
        if row is None or row.user_id == request.user.pk:
            return True
        return accounts.may_manage(cast(User, request.user), row.user)

    def may_write_all(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> bool:
        return all(self.may_write(request, row) for row in rows.select_related("user"))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return OwnedAdmin.has_delete_permission(self, request, obj)
