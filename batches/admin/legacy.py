"""The admin of the id map."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from batches.models import LegacyId
from scrapersky.tenants.owned_admin import ReadOnlyAdmin


@admin.register(LegacyId)
class LegacyIdAdmin(ReadOnlyAdmin):
    """Ids of the older system, those of all tenants at once, so only a superuser sees them."""

    list_display = ["original", "integer", "uuid", "kind", "how"]
    list_filter = ["kind", "how"]
    search_fields = ["=original"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LegacyId]:
        return LegacyId.objects.all() if request.user.is_superuser else LegacyId.objects.none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_active and request.user.is_superuser
