"""Page types, and the filter for the pages of one domain."""

from django import forms
from django.db.models import Q, QuerySet

from scans.models import Page
from scrapersky.web.text import sanitize

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


PLACES = {
    "sitemap": ("In a sitemap", Q(in_sitemap=True)),
    "linked": ("Linked on the site", Q(is_linked=True)),
    "opened": ("Read by a scan", Q(is_opened=True)),
    "gone": ("Gone", Q(gone_at__isnull=False)),
}


class PageFilter(forms.Form):
    """Filters pages of a domain by part of the URL, by type and by origin."""

    find = forms.CharField(
        required=False,
        max_length=200,
        label="Part of the URL",
        widget=forms.TextInput({"class": "form-control form-control-sm", "autocomplete": "off"}),
    )
    type = forms.ChoiceField(
        required=False,
        choices=[("", "Every type"), *((name, name.capitalize()) for name in PAGE_TYPES)],
        label="Type",
        widget=forms.Select({"class": "form-select form-select-sm"}),
    )
    where = forms.ChoiceField(
        required=False,
        choices=[("", "Everywhere"), *((name, label) for name, (label, _) in PLACES.items())],
        label="Where",
        widget=forms.Select({"class": "form-select form-select-sm"}),
    )

    def apply(self, rows: QuerySet[Page]) -> QuerySet[Page]:
        """Return the matching pages; invalid filters are ignored."""
        self.is_valid()
        if text := sanitize(self.cleaned_data.get("find", "")):
            rows = rows.filter(url__icontains=text)
        if kind := self.cleaned_data.get("type"):
            rows = rows.filter(page_type=kind)
        if where := self.cleaned_data.get("where"):
            rows = rows.filter(PLACES[where][1])
        return rows

    @property
    def is_used(self) -> bool:
        return any(self.cleaned_data.values())
