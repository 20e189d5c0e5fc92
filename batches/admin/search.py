"""Search the admin's lists by any id that a row has or had."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest


class KeySearch(ModelAdmin):
    """Search by id first, then by the words of the search fields."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        rows: Any = queryset
        if search_term and (named := list(rows.named(search_term).values_list("pk", flat=True))):
            return queryset.filter(pk__in=named), False
        return super().get_search_results(request, queryset, search_term)
