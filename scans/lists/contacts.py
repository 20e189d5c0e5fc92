"""The list of contacts: one row per e-mail address, phone number, profile or postal address."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from django.db.models import Q
from django.urls import reverse

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
    RECIPES,
    by_curation,
    by_domain,
    by_gone,
    by_seen,
    country_code,
    curate_action,
)
from scans.lists.domain_filters import EMAIL_LABELS, NETWORKS, USES, read_uuid
from scans.lists.words import by_words
from scans.models import CONTACT_KINDS, Contact
from scans.text_search import begins, in_ascii
from scrapersky.web.idn import display_host
from scrapersky.web.lists import Column, Kind, ListDefinition, Sort, choice, number, register, text
from scrapersky.web.lists.filters import MAX_URL_LENGTH, Condition, Not, any_of, single
from scrapersky.web.lists.recipes import load_recipes

# What people write before a phone number.
_EMAIL = re.compile(r"[^\s<>()\[\]\",;:?]+@[^\s<>()\[\]\",;:?]*")
_PHONE_LABEL = re.compile(r"^\s*(?:(?:tele)?(?:phone|fon)|tel|fax|mobile?)?[\s.:/]*", re.IGNORECASE)


def _begins(value: str) -> Condition:
    """Match contacts by prefix, and e-mail addresses and phone numbers in any spelling.

    E-mail addresses and URLs are lower case; postal addresses are written as on their page.
    """
    if "/" not in value and (address := _EMAIL.search(value.lower())):
        return any_of(partial(begins, "value"))(_spellings(address[0]))
    import phonenumbers  # takes long to load, and few requests need it

    number_text = _PHONE_LABEL.sub("", unicodedata.normalize("NFKC", value))
    digits = "".join(c for c in number_text if c.isdecimal())
    if len(digits) < 5 or any(c.isalpha() for c in number_text):
        lower = begins("value", value.lower())
        as_written = begins("value", value) & Q(kind="address")
        return lower if value == value.lower() else lower | as_written
    if not number_text.startswith(("+", "00")):
        return Q(kind="phone", value__in=_numbers(number_text, phonenumbers.SUPPORTED_REGIONS))
    international = f"+{digits.removeprefix('00')}"
    numbers = set(_numbers(f"+{number_text.lstrip('+0')}", ["ZZ"])) - {international}
    by_number = Q(kind="phone", value__in=sorted(numbers)) if numbers else Q()
    return begins("value", international) | by_number


def _spellings(address: str) -> list[str]:
    """Return an e-mail address with its domain as typed, in ASCII and in Unicode."""
    local, _, domain = address.rpartition("@")
    known = dict.fromkeys((domain, in_ascii(domain), display_host(in_ascii(domain))))
    return [f"{local}@{spelling}" for spelling in known]


def _numbers(number_text: str, regions: Iterable[str]) -> list[str]:
    """Return a phone number in E.164, for every region in which it is valid."""
    import phonenumbers

    numbers = set()
    for region in regions:
        try:
            parsed = phonenumbers.parse(number_text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            numbers.add(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return sorted(numbers)


SITE_USES = replace(USES, key="domain_id")


def _labelled(kind: str) -> Any:
    return lambda labels: Q(kind=kind, label__in=labels)


def _of_country(code: str) -> Condition:
    return Q(Not.of("country", ""), country=code)


def _part(name: str, label: str, *, of: str, key: str = "", is_default: bool = False) -> Column:
    """Return a column for one part of a contact's address or person."""
    part = key or name
    return Column(
        name,
        label,
        Kind.URL if part == "page_url" else Kind.TEXT,
        value=lambda row: (getattr(row, of) or {}).get(part, ""),
        fields=(of,),
        is_default=is_default,
    )


def _href(row: Any) -> str:
    if row.kind == "email":
        return f"mailto:{row.value}"
    if row.kind == "phone":
        return f"tel:{row.value}"
    return row.value if row.kind == "social" else ""


COLUMNS = (
    Column("value", "Contact", fields=("value", "kind"), link=_href),
    Column("kind", "Kind", Kind.STATE),
    Column("label", "Label"),
    _part("person_name", "Person", of="person", key="name", is_default=True),
    HOST,
    Column("page_url", "Page", Kind.URL),
    Column("confidence", "Confidence", Kind.SHARE),
    LAST_SEEN,
    Column(
        "evidence",
        "Evidence",
        value=lambda row: reverse("contact_evidence", args=[row.pk]),
        fields=("value",),
        template="scans/_evidence_cell.html",
    ),
    _part("street", "Street", of="address"),
    _part("postcode", "Postcode", of="address"),
    _part("town", "Town", of="address"),
    _part("region", "Region", of="address"),
    Column("country", "Country", is_default=False),
    _part("person_position", "Position", of="person", key="position"),
    _part("person_page_url", "Page of the person", of="person", key="page_url"),
    _part("person_snippet", "Snippet of the person", of="person", key="snippet"),
    _part("person_method", "Method of the person", of="person", key="method"),
    Column("snippet", "Snippet", is_default=False),
    Column("method", "Method", is_default=False),
    Column(
        "page_disallowed_by",
        "Page disallowed by",
        fields=("domain_id", "page_url"),
        prefetch=("source_page",),
        is_default=False,
    ),
    FIRST_SEEN,
    GONE_AT,
    Column("is_pinned", "Chosen as the best", Kind.FLAG, is_default=False),
    Column(
        "site_title",
        "Title of the site",
        value=lambda row: row.domain.title,
        fields=("domain__title",),
        is_default=False,
    ),
    Column(
        "site_phone",
        "Phone of the site",
        value=lambda row: row.domain.best_phone or next(iter(row.domain.phones), ""),
        fields=("domain__best_phone", "domain__phones"),
        is_default=False,
    ),
    CURATION,
    CURATED_AT,
    CURATED_BY,
    DOMAIN_ID,
    ID,
)

CONTACTS = register(
    ListDefinition(
        name="contacts",
        label="Contacts",
        singular="contact",
        rows=Contact.objects.visible,
        columns=COLUMNS,
        filters=(
            by_domain(),
            text(
                "value",
                "Contact",
                _begins,
                max_length=MAX_URL_LENGTH,
                placeholder="info@, +49 30 …, https://",
            ),
            choice("kind", "Kind", CONTACT_KINDS, "kind"),
            choice("label", "E-mail label", EMAIL_LABELS, _labelled("email")),
            choice("network", "Network", NETWORKS, _labelled("social")),
            text("country", "Country", _of_country, read=country_code, placeholder="DE"),
            # A domain has several contacts, so a third of the domains fill a page.
            by_words("Words on the site", path="domain__", common=3),
            text("technology", "Site uses", SITE_USES.one, by_frequency=SITE_USES.rare),
            number(
                "confidence_min",
                "Confidence, at least %",
                lambda percent: Q(confidence__gte=percent / 100),
            ),
            single(
                "batch",
                "Batch",
                read_uuid,
                lambda value: Q(domain__jobs__batch_id=value),
                placeholder="Batch id",
            ),
            by_gone(),
            by_curation(),
            *by_seen(),
        ),
        sorts=(
            Sort("first_seen", ("id",), is_unique=True),
            Sort("kind", ("kind", "id")),
            Sort("domain", ("domain_id", "kind", "value"), is_unique=True, within="batch"),
            IN_ORDER_OF_DOMAINS,
            Sort("value", ("value",), within="value"),
            replace(IN_ORDER_OF_DOMAINS, within="words"),
        ),
        default_sort="-first_seen",
        url_name="contact_list",
        recipes=load_recipes(RECIPES, "contacts", COLUMNS),
        actions=(curate_action("contact_curate_chosen"),),
        shortcuts=(
            ("E-mails", "kind=email"),
            ("Phones", "kind=phone"),
            ("Profiles", "kind=social"),
            ("Addresses", "kind=address"),
            ("New in 7 days", "first_seen_after=7d"),
        ),
        empty_text="Every contact read from a site appears here, with the page it was read from.",
    )
)
