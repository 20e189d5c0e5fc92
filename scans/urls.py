"""URLs of results: lists, domains, corrections."""

from django.urls import path

from scans import lists
from scans.views import bulk, contacts, corrections, curation, domains, evidence, sitemaps
from scans.views.bulk import selected
from scrapersky.web.lists.views import list_urls

urlpatterns = [
    *list_urls(lists.DOMAINS, "domains/"),
    *list_urls(lists.CONTACTS, "contacts/"),
    *list_urls(lists.PAGES, "pages/"),
    *list_urls(lists.TECHNOLOGY_NAMES, "technologies/"),
    *list_urls(lists.TECHNOLOGIES, "technologies/domains/"),
    *list_urls(lists.SITEMAPS, "sitemaps/"),
    *list_urls(lists.SCANS, "scans/"),
    path("domains/sitemaps/", selected(lists.DOMAINS, "sitemaps"), name="domain_sitemaps_chosen"),
    path("domains/tag/", selected(lists.DOMAINS, "tag"), name="domain_tag_chosen"),
    path("domains/untag/", selected(lists.DOMAINS, "untag"), name="domain_untag_chosen"),
    path(
        "domains/lists/add/",
        selected(lists.DOMAINS, "add_to_list"),
        name="domain_add_to_list_chosen",
    ),
    path(
        "domains/lists/remove/",
        selected(lists.DOMAINS, "remove_from_list"),
        name="domain_remove_from_list_chosen",
    ),
    path("domains/curate/", selected(lists.DOMAINS, "curate"), name="domain_curate_chosen"),
    path("contacts/curate/", selected(lists.CONTACTS, "curate"), name="contact_curate_chosen"),
    path("pages/curate/", selected(lists.PAGES, "curate"), name="page_curate_chosen"),
    path("sitemaps/curate/", selected(lists.SITEMAPS, "curate"), name="sitemap_curate_chosen"),
    path("actions/", bulk.bulk_action_list, name="bulk_action_list"),
    path("actions/<uuid:pk>/", bulk.bulk_action_detail, name="bulk_action_detail"),
    path("actions/<uuid:pk>/progress/", bulk.bulk_action_progress, name="bulk_action_progress"),
    path("actions/<uuid:pk>/stop/", bulk.bulk_action_stop, name="bulk_action_stop"),
    path("domains/<uuid:pk>/", domains.domain_detail, name="domain_detail"),
    path("domains/<uuid:pk>/evidence/", evidence.domain_evidence, name="domain_evidence"),
    path("contacts/<uuid:pk>/evidence/", evidence.contact_evidence, name="contact_evidence"),
    path("domains/<uuid:pk>/curation/", curation.domain_curate, name="domain_curate"),
    path("domains/<uuid:pk>/tags/", curation.domain_tags, name="domain_tags"),
    path("domains/<uuid:pk>/lists/", curation.domain_lists, name="domain_lists"),
    path("domains/<uuid:pk>/note/", curation.domain_note, name="domain_note"),
    path("contacts/<uuid:pk>/curation/", curation.contact_curate, name="contact_curate"),
    path("contacts/<uuid:pk>/pin/", contacts.contact_pin, name="contact_pin"),
    path("contacts/<uuid:pk>/unpin/", contacts.contact_unpin, name="contact_unpin"),
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
