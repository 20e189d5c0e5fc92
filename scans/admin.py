"""The read-only admin of results; only scans write them."""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from scans.lists import CONTACTS, PAGES, SITEMAPS
from scans.models import (
    BulkAction,
    Contact,
    Correction,
    Domain,
    DomainList,
    DomainTag,
    ListedDomain,
    ListImport,
    Page,
    Scan,
    Sitemap,
    Tag,
    Technology,
    TechnologyCount,
)
from scans.text_search import host_matches
from scrapersky.tenants.access import readable
from scrapersky.tenants.owned_admin import (
    BY_LIST,
    BY_TENANT,
    ListedValuesFilter,
    ReadOnlyAdmin,
)
from scrapersky.web.lists import ListDefinition

SHOWN_REPORT = 200_000
CONTACT_FILTERS = CONTACTS.filter_by_name


def report_text(report: Any) -> SafeString:
    """Return a report as escaped text, truncated to 200,000 characters."""
    text = json.dumps(report, indent=2, ensure_ascii=False)[:SHOWN_REPORT]
    return format_html(
        '<pre class="report" tabindex="0" role="region" aria-label="Report">{}</pre>', text
    )


def filter_of(definition: ListDefinition, name: str) -> Any:
    """Return the filter of a list of the console for use in `list_filter`."""
    own = definition.filter_by_name[name]

    class Values(ListedValuesFilter):
        @classmethod
        def values(cls) -> list[tuple[str, str]]:
            return list(own.choices)

    return Values


class IndexedSearch(ReadOnlyAdmin):
    """A list of millions of rows: searched as in the console, and sorted only by its index."""

    search_fields: ClassVar = ("pk",)  # a non-empty value shows the search box
    search_help_text: ClassVar = "A domain, its beginning, or its ending after a dot"
    sortable_by = ()

    def matches(self, text: str) -> Any:
        """Return the condition for a search, which an index serves."""
        return host_matches(text, "domain__")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        text = search_term.strip()
        return queryset.filter(self.matches(text)) if text else queryset, False


@admin.register(Domain)
class DomainAdmin(IndexedSearch):
    list_display = ["host", "status", "verdict", "title", "page_count", "last_scanned_at", "tenant"]
    list_filter = ["status", "verdict", "sitemap_analysis_status", BY_TENANT]
    list_select_related = ["tenant"]
    ordering = ["tenant_id", "host"]
    fields = (
        "id", "host", "tenant", "status", "failure_reason", "verdict", "title", "description",
        "language", "final_url", "favicon_url", "logo_url", "best_email", "best_phone", "emails",
        "phones", "social", "technologies", "page_count", "page_types", "sitemap_count",
        "sitemap_analysis_status", "sitemap_analysis_error", "sitemap_queued_at", "curation",
        "curated_by", "curated_at", "note", "noted_by", "noted_at", "latest_scan", "latest_batch",
        "last_scanned_at", "metadata", "created_at", "updated_at",
    )  # fmt: skip

    def matches(self, text: str) -> Any:
        return host_matches(text)

    def view_on_site(self, obj: Domain) -> str:
        return reverse("domain_detail", args=[obj.pk])


@admin.register(Scan)
class ScanAdmin(IndexedSearch):
    list_display = ["domain", "verdict", "finished_at", "took", "tenant"]
    list_filter = ["verdict", BY_TENANT]
    list_select_related = ["domain", "tenant"]
    ordering = ["-pk"]
    deferred = ["report"]
    fields = ["id", "tenant", "domain", "verdict", "started_at", "finished_at", "report_text"]

    @admin.display(description="Duration")
    def took(self, obj: Scan) -> str:
        return f"{obj.seconds:.1f} s"

    @admin.display(description="Report")
    def report_text(self, obj: Scan) -> SafeString:
        return report_text(obj.report)

    def view_on_site(self, obj: Scan) -> str:
        return reverse("domain_detail", args=[obj.domain_id])


class FindingAdmin(IndexedSearch):
    """A finding on a domain."""

    list_select_related = ["domain", "tenant"]
    exclude = ["url_hash"]
    ordering = ["-pk"]

    def view_on_site(self, obj: Contact | Technology | Sitemap | Page) -> str:
        return reverse("domain_detail", args=[obj.domain_id])


@admin.register(Contact)
class ContactAdmin(FindingAdmin):
    list_display = ["value", "kind", "label", "domain", "confidence", "last_seen", "gone_at"]
    list_filter = ["kind", ("gone_at", admin.EmptyFieldListFilter), BY_TENANT]
    search_help_text: ClassVar = "A domain, or the beginning of a contact"

    def matches(self, text: str) -> Any:
        """Search the contacts themselves if the text is not a domain."""
        is_host = "." in text and "@" not in text and "/" not in text
        return super().matches(text) if is_host else CONTACT_FILTERS["value"].condition([text])


@admin.register(Technology)
class TechnologyAdmin(FindingAdmin):
    list_display = ["name", "version", "category", "domain", "last_seen", "gone_at"]
    list_filter = [("gone_at", admin.EmptyFieldListFilter), BY_TENANT]


@admin.register(Sitemap)
class SitemapAdmin(FindingAdmin):
    list_display = ["url", "kind", "source", "url_count", "error", "domain", "last_seen"]
    list_filter = [("kind", filter_of(SITEMAPS, "kind")), BY_TENANT]


@admin.register(Page)
class PageAdmin(FindingAdmin):
    list_display = ["url", "page_type", "source", "domain", "lastmod", "last_seen"]
    list_filter = [("page_type", filter_of(PAGES, "type")), BY_TENANT]
    list_select_related = ["domain"]


@admin.register(Correction)
class CorrectionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "kind", "domain", "created_by", "created_at", "tenant"]
    list_filter = ["kind", BY_TENANT]
    list_select_related = ["domain", "created_by", "tenant"]
    search_fields = ["value", "domain__host"]
    exclude = ["url_hash"]
    ordering = ["-pk"]


@admin.register(BulkAction)
class BulkActionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "status", "done", "total", "created_by", "created_at", "tenant"]
    list_filter = ["status", BY_LIST, BY_TENANT]
    list_select_related = ["created_by", "tenant"]
    search_fields = ["operation", "created_by__username"]

    def view_on_site(self, obj: BulkAction) -> str:
        return reverse("bulk_action_detail", args=[obj.pk])


@admin.register(TechnologyCount)
class TechnologyCountAdmin(ReadOnlyAdmin):
    list_display = ["name", "category", "domain_count", "counted_at", "tenant"]
    list_filter = [BY_TENANT]
    list_select_related = ["tenant"]
    search_fields = ["name"]


@admin.register(Tag)
class TagAdmin(ReadOnlyAdmin):
    list_display = ["name", "tenant"]
    list_filter = [BY_TENANT]
    list_select_related = ["tenant"]
    search_fields = ["name"]


@admin.register(DomainTag)
class DomainTagAdmin(IndexedSearch):
    list_display = ["domain", "tag", "created_by", "created_at"]
    list_select_related = ["domain", "tag", "created_by"]
    ordering = ["-pk"]
    search_help_text: ClassVar = "The name of a tag, or a domain, its beginning or its ending"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Search by the tag if there is one with this name, or else by the domain."""
        named = Tag.objects.filter(name__iexact=search_term.strip())
        tags = list(readable(named, request.user).values_list("pk", flat=True))
        if tags:
            return queryset.filter(tag__in=tags), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(DomainList)
class DomainListAdmin(ReadOnlyAdmin):
    list_display = ["name", "domain_count", "created_by", "updated_at", "tenant"]
    list_filter = [BY_TENANT]
    list_select_related = ["created_by", "tenant"]
    search_fields = ["name"]

    def view_on_site(self, obj: DomainList) -> str:
        return reverse("saved_list", args=[obj.pk])


@admin.register(ListedDomain)
class ListedDomainAdmin(IndexedSearch):
    list_display = ["domain", "domain_list", "created_by", "created_at"]
    list_select_related = ["domain", "domain_list", "created_by"]
    ordering = ["-pk"]


@admin.register(ListImport)
class ListImportAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "domain_list", "host_count", "rejected_count", "created_at"]
    list_filter = [BY_TENANT]
    list_select_related = ["domain_list"]
    search_fields = ["domain_list__name"]
    exclude = ["document"]
    deferred = ["document"]

    def view_on_site(self, obj: ListImport) -> str:
        return reverse("list_import", args=[obj.pk])
