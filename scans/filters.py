"""Page types, and the filter of a domain's own pages."""

from django import forms
from django.db.models import QuerySet

from scans.models import Page

PAGE_TYPES = (
    "home",
    "contact",
    "about",
    "team",
    "services",
    "products",
    "pricing",
    "careers",
    "legal",
    "blog",
    "news",
    "login",
    "media",
    "other",
)


class PageFilter(forms.Form):
    type = forms.ChoiceField(
        required=False,
        choices=[("", "Every type"), *((name, name.capitalize()) for name in PAGE_TYPES)],
        label="Kind",
    )

    def apply(self, rows: QuerySet[Page]) -> QuerySet[Page]:
        """Return the pages that match; what cannot be understood narrows nothing."""
        params = self.cleaned_data if self.is_valid() else {}
        return rows.filter(page_type=params["type"]) if params.get("type") else rows
