"""The admin of drafts, which are edited in the console."""

from django.contrib import admin
from django.urls import reverse

from batches.models import Draft
from scrapersky.tenants.owned_admin import BY_TENANT, ReadOnlyAdmin


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ["name", "domain_count", "tenant", "created_by", "updated_at"]
    list_filter = [BY_TENANT]
    list_select_related = ["tenant", "created_by"]
    search_fields = ["name"]
    exclude = ["document"]
    deferred = ["document"]

    def view_on_site(self, obj: Draft) -> str:
        return f"{reverse('batch_create')}?draft={obj.pk}"
