"""Narrow lists of domains and pages by what a query string asks for."""

from django import forms
from django.db.models import QuerySet

from scans.models import VERDICTS, Domain, Page

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


class DomainFilter(forms.Form):
    q = forms.CharField(required=False, max_length=260, label="Domain")
    status = forms.ChoiceField(
        required=False, choices=[("", "Any status"), *Domain.Status.choices], label="Status"
    )
    verdict = forms.ChoiceField(
        required=False, choices=[("", "Any verdict"), *VERDICTS], label="Verdict"
    )
    sitemaps = forms.ChoiceField(
        required=False,
        choices=[("", "Any state"), *Domain.SitemapAnalysis.choices],
        label="Sitemap submission",
    )

    def apply(self, rows: QuerySet[Domain]) -> QuerySet[Domain]:
        """Return the domains that match; what cannot be understood narrows nothing."""
        asked = self.cleaned_data if self.is_valid() else {}
        if words := asked.get("q"):
            rows = rows.filter(host__contains=words.strip().lower())
        if status := asked.get("status"):
            rows = rows.filter(status=status)
        if verdict := asked.get("verdict"):
            rows = rows.filter(verdict=verdict)
        if state := asked.get("sitemaps"):
            rows = rows.filter(sitemap_analysis_status=state)
        return rows


class PageFilter(forms.Form):
    type = forms.ChoiceField(
        required=False,
        choices=[("", "Every kind"), *((name, name.capitalize()) for name in PAGE_TYPES)],
        label="Kind",
    )

    def apply(self, rows: QuerySet[Page]) -> QuerySet[Page]:
        """Return the pages that match; what cannot be understood narrows nothing."""
        asked = self.cleaned_data if self.is_valid() else {}
        return rows.filter(page_type=asked["type"]) if asked.get("type") else rows
