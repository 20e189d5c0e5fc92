"""The admin of who works here."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from scrapersky.tenants import login_delay_admin  # noqa: F401  (registers its own)
from scrapersky.tenants.access import tenants_of
from scrapersky.tenants.models import ApiToken, Membership, Tenant, User
from scrapersky.tenants.owned_admin import BY_TENANT, OwnedAdmin, ReadOnlyAdmin

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")
admin.site.site_header = "ScraperSky"
admin.site.site_title = "ScraperSky admin"
admin.site.index_title = "Everything that is stored"
admin.site.empty_value_display = "-"


def colleagues_of(request: HttpRequest) -> QuerySet[User]:
    """Return the users whom the user may look after: all for a superuser.

    Never a superuser for anybody else: who may change the password of an account may be it.
    """
    if request.user.is_superuser:
        return User.objects.all()
    shared = Membership.objects.filter(tenant__in=tenants_of(request.user).values("pk"))
    return User.objects.filter(pk__in=shared.values("user"), is_superuser=False)


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return (
            super().get_queryset(request).filter(tenant__in=tenants_of(request.user).values("pk"))
        )

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        own = tenants_of(request.user) if db_field.name == "tenant" else colleagues_of(request)
        kwargs["queryset"] = own
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class AccountAdmin(UserAdmin):
    inlines = [MembershipInline]
    list_display = ["username", "email", "is_active", "is_staff", "is_superuser", "last_login"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return colleagues_of(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        own = super().get_readonly_fields(request, obj)
        return own if request.user.is_superuser else (*own, *POWERS)


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin):
    """Tenants are never deleted here: everything they own would go with them."""

    list_display = ["name", "auto_submit_sitemaps", "created_at"]
    search_fields = ["name"]
    readonly_fields = ["id", "created_at"]
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        return tenants_of(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(OwnedAdmin):
    list_display = ["user", "tenant", "role"]
    list_filter = ["role", BY_TENANT]
    list_select_related = ["user", "tenant"]
    search_fields = ["user__username", "user__email", "tenant__name"]

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "user":
            kwargs["queryset"] = colleagues_of(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens are made by `manage.py create_token`, which shows them once; here they end."""

    list_display = ["name", "user", "created_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["name", "user", "created_at", "last_used_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        rows = ApiToken.objects.all()
        return rows if request.user.is_superuser else rows.filter(user__in=[request.user.pk])

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
