"""The admin's lists, held to the same rule as every page: one's own tenants' rows only."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from scrapersky.tenants.access import tenants_of, visible
from scrapersky.web.paging import CappedPaginator


class OwnedAdmin(admin.ModelAdmin):
    """Show the rows of the user's tenants; count only as far as anybody pages."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    # Columns too large to be loaded with every row of a list.
    deferred: Sequence[str] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return visible(super().get_queryset(request), request.user).defer(*self.deferred)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "tenant":
            kwargs["queryset"] = tenants_of(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnlyAdmin(OwnedAdmin):
    """Show rows that only the services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class TenantFilter(admin.RelatedFieldListFilter):
    """Offer the user's own tenants only."""

    def field_choices(
        self, field: Field, request: HttpRequest, model_admin: admin.ModelAdmin
    ) -> list[tuple[str, Any]]:
        return [(str(tenant.pk), tenant.name) for tenant in tenants_of(request.user)]


BY_TENANT = cast(Any, ("tenant", TenantFilter))
