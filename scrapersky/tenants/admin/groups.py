"""The admin of groups: a change affects the accounts of all its members."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest

from scrapersky.tenants import accounts
from scrapersky.tenants.models import User
from scrapersky.tenants.owned_admin import OwnedAdmin

admin.site.unregister(Group)


@admin.register(Group)
class OwnPermissionsGroupAdmin(OwnedAdmin, GroupAdmin):
    """Groups belong to the installation: all staff with the permission see them."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return Group.objects.order_by("name")

    def may_write(self, request: HttpRequest, row: Any = None) -> bool:
        if row is None or row._state.adding:
            return super().may_write(request)
        return accounts.may_write_group(cast(User, request.user), row)

    def may_write_all(self, request: HttpRequest, rows: QuerySet[Group]) -> bool:
        return all(self.may_write(request, row) for row in rows)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest | None = None, **kwargs: Any
    ) -> ModelMultipleChoiceField | None:
        own = accounts.grantable_permissions(cast(User, cast(HttpRequest, request).user))
        kwargs["queryset"] = own.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request=request, **kwargs)
