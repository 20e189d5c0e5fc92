"""The lists of technologies: each name with its number of domains, and each use on a domain."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from scans.lists.common import (
    DOMAIN_ID,
    FIRST_SEEN,
    GONE_AT,
    HOST,
    ID,
    IN_ORDER_OF_DOMAINS,
    LAST_SEEN,
    by_domain,
    by_gone,
    by_seen,
)
from scans.lists.domain_filters import FILTERS, technology_names
from scans.models import Technology, TechnologyCount
from scrapersky.web.lists import Column, Kind, ListDefinition, Sort, choice, number, register, text

CATEGORIES = next(item.choices for item in FILTERS if item.name == "category")


def _domains_link(row: Any) -> str:
    return f"{reverse('domain_list')}?{urlencode({'technology': row.name})}"


TECHNOLOGY_NAMES = register(
    ListDefinition(
        name="technology_names",
        label="Technologies",
        singular="technology",
        rows=TechnologyCount.objects.all,
        columns=(
            Column("name", "Technology", link=_domains_link),
            Column("category", "Category"),
            Column("domain_count", "Domains", Kind.NUMBER),
            Column("counted_at", "Counted", Kind.TIME, is_default=False, is_volatile=True),
            ID,
        ),
        filters=(
            text("name", "Name begins with", lambda value: Q(name__istartswith=value)),
            choice("category", "Category", CATEGORIES, "category"),
            number("domains_min", "Domains, at least", "domain_count__gte"),
        ),
        sorts=(
            Sort("domain_count", ("domain_count",)),
            Sort("name", ("name",), is_unique=True),
        ),
        default_sort="-domain_count",
        url_name="technology_list",
        related=("technologies",),
        empty_text="Every technology that a scanned site uses appears here, with how many use it.",
    )
)

TECHNOLOGIES = register(
    ListDefinition(
        name="technologies",
        label="Technologies by domain",
        singular="technology of a domain",
        rows=Technology.objects.visible,
        columns=(
            Column("name", "Technology"),
            Column("version", "Version"),
            Column("category", "Category"),
            HOST,
            Column("evidence", "Evidence"),
            LAST_SEEN,
            Column("website", "Website", Kind.URL, is_default=False),
            FIRST_SEEN,
            GONE_AT,
            DOMAIN_ID,
            ID,
        ),
        filters=(
            by_domain(),
            text("name", "Technology", lambda value: Q(name__in=technology_names(value))),
            text("version", "Version begins with", lambda value: Q(version__startswith=value)),
            choice("category", "Category", CATEGORIES, "category"),
            by_gone(),
            *by_seen(),
        ),
        sorts=(
            Sort("first_seen", ("id",), is_unique=True),
            Sort("name", ("name", "id")),
            Sort("category", ("category", "id")),
            IN_ORDER_OF_DOMAINS,
        ),
        default_sort="-first_seen",
        url_name="technology_use_list",
        empty_text="Every technology of every scanned site appears here.",
    )
)
