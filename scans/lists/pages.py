"""The list of pages: the inventory of every site."""

from dataclasses import replace

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
from scans.lists.domain_filters import TYPES
from scans.models import Page
from scans.text_search import Prefix, UrlPrefix
from scrapersky.web.lists import Column, Kind, ListDefinition, Sort, choice, flag, register, text
from scrapersky.web.lists.filters import MAX_URL_LENGTH


def _begins(url: str) -> Q:
    return Q(UrlPrefix.of("url", url))


def _begins_on_host(url: str) -> Q:
    """Return the condition for URLs with a prefix that are on the host of their domain.

    The hosts in the prefix are contiguous in the order of domains.
    """
    address = url.partition("://")[2].partition("/")[0]
    host = address.partition(":")[0].lower().removeprefix("www.")
    return Q(Prefix.of("domain__host", host)) & _begins(url) if host else _begins(url)


def _disallowed(is_disallowed: bool) -> Q:
    return ~Q(disallowed_by="") if is_disallowed else Q(disallowed_by="")


PAGES = register(
    ListDefinition(
        name="pages",
        label="Pages",
        singular="page",
        rows=Page.objects.all,
        columns=(
            Column("url", "Page", Kind.URL),
            Column("page_type", "Type", Kind.STATE),
            HOST,
            Column("in_sitemap", "In a sitemap", Kind.FLAG),
            Column("is_linked", "Linked", Kind.FLAG),
            Column("is_opened", "Opened", Kind.FLAG),
            Column("disallowed_by", "Disallowed by"),
            Column("lastmod", "Last modified", Kind.TIME, is_default=False),
            Column("changefreq", "Change frequency", is_default=False),
            Column("priority", "Priority", Kind.SHARE, is_default=False),
            Column("source", "Source", is_default=False),
            FIRST_SEEN,
            LAST_SEEN,
            GONE_AT,
            CURATION,
            CURATED_AT,
            CURATED_BY,
            DOMAIN_ID,
            ID,
        ),
        filters=(
            by_domain(),
            text(
                "url",
                "URL begins with",
                _begins,
                max_length=MAX_URL_LENGTH,
                leading=_begins_on_host,
                leads_in="domain",
            ),
            choice("type", "Type", TYPES, "page_type"),
            flag("in_sitemap", "In a sitemap", lambda yes: Q(in_sitemap=yes)),
            flag("linked", "Linked from an opened page", lambda yes: Q(is_linked=yes)),
            flag("opened", "Opened", lambda yes: Q(is_opened=yes)),
            flag("disallowed", "Disallowed by robots.txt", _disallowed),
            by_gone(),
            by_curation(),
            *by_seen(),
        ),
        sorts=(
            Sort("first_seen", ("id",), is_unique=True),
            Sort("page_type", ("page_type", "id")),
            IN_ORDER_OF_DOMAINS,
            replace(IN_ORDER_OF_DOMAINS, within="url"),
        ),
        default_sort="-first_seen",
        url_name="page_list",
        related=("sitemaps",),
        actions=(curate_action("page_curate_chosen"),),
        shortcuts=(
            ("In sitemap but disallowed", "in_sitemap=yes&disallowed=yes"),
            ("Linked but not in sitemap", "linked=yes&in_sitemap=no"),
            (
                "In sitemap but not linked from the pages opened",
                "in_sitemap=yes&linked=no",
            ),
            ("Contact pages", "type=contact"),
        ),
        empty_text="Every page listed by a site's sitemaps or linked from its pages appears here.",
    )
)
