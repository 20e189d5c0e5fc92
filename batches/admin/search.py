"""Search lists of the admin by every id that a row is known by."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest


class KeySearch(ModelAdmin):
    """Lists in which an id finds its row, before any word is searched for."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        rows: Any = queryset
        if search_term and (named := list(rows.named(search_term).values_list("pk", flat=True))):
            return queryset.filter(pk__in=named), False
        return super().get_search_results(request, queryset, search_term)
