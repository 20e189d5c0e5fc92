"""Addresses of results: lists, domains, corrections."""

from django.urls import path

from scans import lists
from scans.views import corrections, curation, domains, sitemaps
from scrapersky.web.lists.views import list_urls

urlpatterns = [
    *list_urls(lists.DOMAINS, "domains/"),
    *list_urls(lists.CONTACTS, "contacts/"),
    *list_urls(lists.PAGES, "pages/"),
    *list_urls(lists.TECHNOLOGY_NAMES, "technologies/"),
    *list_urls(lists.TECHNOLOGIES, "technologies/domains/"),
    *list_urls(lists.SITEMAPS, "sitemaps/"),
    *list_urls(lists.SCANS, "scans/"),
    path("domains/sitemaps/", sitemaps.domain_sitemaps_chosen, name="domain_sitemaps_chosen"),
    path("domains/<uuid:pk>/", domains.domain_detail, name="domain_detail"),
    path("domains/<uuid:pk>/curation/", curation.domain_curate, name="domain_curate"),
    path("domains/<uuid:pk>/tags/", curation.domain_tags, name="domain_tags"),
    path("domains/<uuid:pk>/note/", curation.domain_note, name="domain_note"),
    path("contacts/<uuid:pk>/curation/", curation.contact_curate, name="contact_curate"),
    path("pages/<uuid:pk>/curation/", curation.page_curate, name="page_curate"),
    path("sitemaps/<uuid:pk>/curation/", curation.sitemap_curate, name="sitemap_curate"),
    path("domains/<uuid:pk>/sitemaps/", sitemaps.domain_sitemaps, name="domain_sitemaps"),
    path("domains/<uuid:pk>/corrections/", corrections.domain_correct, name="domain_correct"),
    path(
        "domains/<uuid:pk>/corrections/undo/",
        corrections.domain_undo_correction,
        name="domain_undo_correction",
    ),
]
