"""The list of sitemaps."""

from django.db.models import Q

from scans.lists.common import (
    CURATED_AT,
    CURATED_BY,
    CURATION,
    DOMAIN_ID,
    FIRST_SEEN,
    GONE_AT,
    HOST,
    ID,
    IN_ORDER_OF_DOMAINS,
    LAST_SEEN,
    by_curation,
    by_domain,
    by_gone,
    by_seen,
    curate_action,
)
from scans.models import Sitemap
from scrapersky.web.lists import Column, Kind, ListDefinition, Sort, choice, flag, number, register

KINDS = [("urlset", "List of pages"), ("index", "Index"), ("text", "Text"), ("feed", "Feed")]


SITEMAPS = register(
    ListDefinition(
        name="sitemaps",
        label="Sitemaps",
        singular="sitemap",
        rows=Sitemap.objects.all,
        columns=(
            Column("url", "Sitemap", Kind.URL),
            Column("kind", "Kind", Kind.STATE),
            HOST,
            Column("url_count", "Entries", Kind.NUMBER),
            Column("error", "Error"),
            LAST_SEEN,
            Column("source", "Source", is_default=False),
            Column("parent_url", "Listed in", Kind.URL, is_default=False),
            Column("bytes", "Bytes", Kind.NUMBER, is_default=False),
            FIRST_SEEN,
            GONE_AT,
            CURATION,
            CURATED_AT,
            CURATED_BY,
            DOMAIN_ID,
            ID,
        ),
        filters=(
            by_domain(),
            choice("kind", "Kind", KINDS, "kind"),
            flag("failed", "Could not be read", lambda yes: ~Q(error="") if yes else Q(error="")),
            number("entries_min", "Entries, at least", "url_count__gte", range_of="url_count"),
            number("entries_max", "Entries, at most", "url_count__lte", range_of="url_count"),
            by_gone(),
            by_curation(),
            *by_seen(),
        ),
        sorts=(
            Sort("first_seen", ("id",), is_unique=True),
            Sort("url_count", ("url_count",)),
            IN_ORDER_OF_DOMAINS,
        ),
        default_sort="-first_seen",
        url_name="sitemap_list",
        actions=(curate_action("sitemap_curate_chosen"),),
        shortcuts=(("Could not be read", "failed=yes"), ("Indexes", "kind=index")),
        empty_text="Every sitemap of a scanned site appears here.",
    )
)
