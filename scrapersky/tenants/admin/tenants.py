"""The admin of tenants and memberships."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from scrapersky.tenants import access, accounts
from scrapersky.tenants.forms import MembershipForm, for_actor
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.tenants.owned_admin import BY_TENANT, OwnedAdmin, OwnedInline


class MembershipInline(OwnedInline):
    """Memberships that the user may write, which excludes their own."""

    model = Membership
    form = MembershipForm
    autocomplete_fields = ("user", "tenant")
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).exclude(user=request.user.pk)

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = for_actor(formset.form, request.user)
        return formset

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        kwargs["queryset"] = _choices(db_field, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def _choices(db_field: ForeignKey, request: HttpRequest) -> QuerySet:
    """Return the tenants or accounts that the user may select for a membership."""
    if db_field.name == "tenant":
        return access.writable_tenants(request.user)
    return accounts.visible_accounts(cast(User, request.user))


@admin.register(Tenant)
class TenantAdmin(OwnedAdmin):
    """Tenants cannot be deleted here because all of their rows would be deleted too."""

    list_display = ["name", "auto_submit_sitemaps", *Tenant.LIMITS, "created_at"]
    search_fields = ["name"]
    readonly_fields = ["id", "created_at"]
    inlines = [MembershipInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Only superusers may change limits; a tenant's admins could raise their own."""
        own = super().get_readonly_fields(request, obj)
        return own if access.has_all_rights(request.user) else (*own, *Tenant.LIMITS)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return access.has_all_rights(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(OwnedAdmin):
    """Users cannot change their own role, nor grant a higher one."""

    form = MembershipForm
    autocomplete_fields = ("user", "tenant")
    list_display = ["user", "tenant", "role"]
    list_filter = ["role", BY_TENANT]
    list_select_related = ["user", "tenant"]
    search_fields = ["user__username", "user__email", "tenant__name"]

    def may_write(self, request: HttpRequest, row: Any = None) -> bool:
        if row is None:
            return super().may_write(request)
        return accounts.may_write_membership(cast(User, request.user), row)

    def may_write_all(self, request: HttpRequest, rows: QuerySet[Membership]) -> bool:
        return all(self.may_write(request, row) for row in rows.select_related("user"))

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return for_actor(super().get_form(request, obj, change=change, **kwargs), request.user)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        kwargs["queryset"] = _choices(db_field, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
