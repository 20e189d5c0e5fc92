"""Filters that several lists of results share."""

import re
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.urls import reverse

from scans.curation import Curation
from scans.text_search import host_begins, host_matches, is_ending
from scrapersky.web.lists import Action, Column, Filter, Kind, Sort, choice, day, flag, text
from scrapersky.web.lists.filters import MAX_URL_LENGTH, BadValue

EVERYTHING = "Everything else"
_COUNTRY_CODE = re.compile("[A-Z]{2}")
# One file for each program that imports results.
RECIPES = Path(__file__).parent / "recipes"


def domain_link(row: Any) -> str:
    """Return the page of a row's domain, which leads on from this row."""
    return f"{reverse('domain_detail', args=[row.domain_id])}?at={row.pk}"


HOST = Column(
    "domain",
    "Domain",
    value=lambda row: row.domain.host,
    fields=("domain__host",),
    link=domain_link,
    keeps_origin=True,
    template="scans/_domain_cell.html",
)
DOMAIN_ID = Column("domain_id", "Domain id", Kind.ID, is_default=False)
ID = Column("id", "Id", Kind.ID, is_default=False)
CURATION = Column(
    "curation",
    "Curation",
    Kind.STATE,
    fields=("curation", "curated_at", "curated_by__username"),
    template="scans/_curation_cell.html",
)
CURATED_BY = Column(
    "curated_by",
    "Curated by",
    value=lambda row: row.curated_by.get_username() if row.curated_by else "",
    fields=("curated_by__username",),
    is_default=False,
)
CURATED_AT = Column("curated_at", "Curated", Kind.TIME, is_default=False)
FIRST_SEEN = Column("first_seen", "First seen", Kind.TIME, is_default=False)
LAST_SEEN = Column("last_seen", "Last seen", Kind.TIME, is_volatile=True)
GONE_AT = Column("gone_at", "Gone since", Kind.TIME, is_default=False)


# The order of a list that is searched by domain: the rows of one after those of another.
IN_ORDER_OF_DOMAINS = Sort("domain", ("domain__host", "id"), within="domain")


def by_host(name: str, path: str = "", **options: Any) -> Filter:
    """Define the search by host; `path` leads from a row to its domain."""
    return text(
        name,
        "Domain",
        lambda value: host_matches(value, path),
        max_length=MAX_URL_LENGTH,
        leading=lambda value: host_begins(value, path),
        range_of=f"{path}reversed_host",
        is_range=is_ending,
        placeholder="example.com, .de, URL or e-mail",
        **options,
    )


def by_domain() -> Filter:
    return by_host("domain", "domain__", leads_in="domain")


def country_code(value: str) -> str:
    """Return a country's code in capitals; raise BadValue for anything else."""
    code = value.upper()
    if not _COUNTRY_CODE.fullmatch(code):
        raise BadValue(f"“{value}” is not a country code of two letters, such as DE.")
    return code


def by_curation() -> Filter:
    choices, common = Curation.choices, Curation.NEW
    return choice("curation", "Curation", choices, "curation", common=common, group=EVERYTHING)


def curate_action(url_name: str) -> Action:
    return Action("Curate", url_name, "list-check", inputs="bulk/_curation.html")


def by_gone() -> Filter:
    return flag(
        "gone", "Gone", lambda gone: Q(gone_at__isnull=not gone), group=EVERYTHING,
        help_text="Whether the latest scan that looked for it did not find it.",
    )  # fmt: skip


def by_seen() -> tuple[Filter, ...]:
    return (
        day("first_seen_after", "First seen after", "first_seen__gte", group="Dates"),
        day("first_seen_before", "First seen before", "first_seen__lte", group="Dates"),
        day("last_seen_after", "Last seen after", "last_seen__gte", group="Dates"),
        day("last_seen_before", "Last seen before", "last_seen__lte", group="Dates"),
    )
