"""The filters of the list of domains."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, Q, QuerySet

from scans.curating import tag_names
from scans.curation import DomainTag, Tag
from scans.domain_lists.models import DomainList, ListedDomain
from scans.domain_lists.services import list_names
from scans.engine.extractors.social import network_names
from scans.engine.technologies.loader import CATEGORIES, load_signatures
from scans.filters import PAGE_TYPES
from scans.lists.common import EVERYTHING, by_curation, by_host, country_code
from scans.lists.related_rows import RelatedRows
from scans.lists.words import by_words
from scans.models import FAILURE_REASONS, VERDICTS, Contact, Domain, Page, Technology, reversed_host
from scans.names import choices_of
from scans.text_search import Prefix, begins, read_host
from scrapersky.web.lists import choice, day, flag, number, text
from scrapersky.web.lists.filters import BadValue, Condition, Filter, Missing, Not, single

TYPES = [(name, name.capitalize()) for name in PAGE_TYPES]
NETWORKS = choices_of(network_names())
# Of contacts and technologies.
CURRENT = Q(gone_at=None, is_wrong=False)
EMAIL_LABELS = [(name, name.capitalize()) for name in ("corporate", "service", "free", "unknown")]


@cache
def _spellings() -> dict[str, str]:
    return {signature.name.casefold(): signature.name for signature in load_signatures()}


def technology_names(name: str) -> list[str]:
    """Return the names that a technology may be stored under: as typed, and as it is spelled."""
    return list(dict.fromkeys((name, _spellings().get(name.casefold(), name))))


def _names_in(values: Sequence[str]) -> list[str]:
    return [name for value in values for name in technology_names(value.partition("@")[0].strip())]


def _uses(value: str) -> Q:
    """Parse `WordPress` as a name, and `WordPress@6` as a name and a version prefix."""
    version = value.partition("@")[2].strip()
    named = Q(name__in=_names_in([value]))
    return named & Q(version__startswith=version) if version else named


def _versions(values: Sequence[str]) -> Q:
    return Q(*map(_uses, values), _connector=Q.OR) & CURRENT


USES = RelatedRows(lambda values: Technology.objects.filter(name__in=_names_in(values)), _versions)
CATEGORY_USES = RelatedRows(
    lambda names: Technology.objects.filter(category__in=names), lambda names: CURRENT
)
PHONES = RelatedRows(
    lambda codes: Contact.objects.filter(Not.of("country", ""), country__in=codes),
    lambda codes: CURRENT & Q(kind="phone"),
)
PAGES = RelatedRows(
    lambda names: Page.objects.filter(page_type__in=names), lambda names: Q(gone_at=None)
)
TAGS = RelatedRows(lambda names: DomainTag.objects.filter(tag__in=_ids_named(Tag, names)))


def _ids_named(model: type[Model], names: Sequence[str]) -> list[UUID]:
    """Return the ids of rows with these names in any case; databases compare only ASCII so."""
    folded = {name.casefold() for name in names}
    rows = model._default_manager.order_by().values_list("pk", "name")
    return [pk for pk, name in rows if name.casefold() in folded]


def _labelled(kind: str) -> RelatedRows:
    return RelatedRows(
        lambda labels: Contact.objects.filter(kind=kind, label__in=labels), lambda labels: CURRENT
    )


def _contacts_of(kind: str) -> RelatedRows:
    """Return the contacts of a kind; a pinned one counts even if no scan finds it any more."""
    is_shown = Q(is_wrong=False) & (Q(gone_at=None) | Q(is_pinned=True))
    return RelatedRows(lambda values: Contact.objects.filter(kind=kind), lambda values: is_shown)


def _has(name: str, label: str, kind: str, condition: Callable[[bool], Condition]) -> Filter:
    """Define a filter by whether a domain has a contact of a kind."""
    rows = _contacts_of(kind)
    return flag(
        name, label, condition, group="Contacts",
        by_frequency=lambda values, *scope: rows.rare([], *scope) if values[-1] else None,
    )  # fmt: skip


def _lists_some(kind: str) -> Q:
    """Return the condition that the row of a domain lists e-mail addresses or phone numbers.

    A pinned one is the best, but not listed if it is gone.
    """
    return ~Q(**{f"{kind}s": []}) | Q(**{f"best_{kind}__isnull": False})


def _lists(kind: str) -> Callable[[bool], Condition]:
    """Return what decides by the row of a domain alone, without looking up its contacts.

    Without any contact of the kind, it has no best one either, so an index shows at once where
    every domain has one.
    """
    none = Q(**{f"{kind}s": []})
    return lambda some: (
        _lists_some(kind) if some else _in_any_index(Missing.of(f"best_{kind}")) & none
    )


def _has_address(has: bool) -> Condition:
    exists = _contacts_of("address").any([])
    return exists if has else ~exists


def _in_any_index(condition: Condition) -> Q:
    """State a condition for scanned and unscanned domains, which are in different indexes."""
    is_unscanned = Q(status=Domain.Status.UNSCANNED)
    return Q(condition) & ~is_unscanned | Q(condition) & is_unscanned


def _counts_pages(lookup: str) -> Callable[[int], Q]:
    return lambda value: _in_any_index(Q(**{f"page_count__{lookup}": value}))


def _listed_in(values: Sequence[str]) -> QuerySet[ListedDomain]:
    """Return the entries of the saved lists with these names or ids."""
    ids = [pk for value in values if (pk := read_uuid_or_none(value))]
    return ListedDomain.objects.filter(domain_list__in=[*ids, *_ids_named(DomainList, values)])


LISTED = RelatedRows(_listed_in)
EMAILS, PROFILES = _labelled("email"), _labelled("social")


def _in_language(code: str) -> Condition:
    """Match a language as sites declare it: `pt` includes `pt-BR`, but not the reverse."""
    language, *parts = _language_parts(code)
    matching = Q(language__in=_declared(language, parts)) if parts else _with_regions(language)
    return Q(Not.of("language", "")) & matching


def _language_parts(code: str) -> list[str]:
    """Return the language of a code and its further parts, such as the region, in lower case."""
    language, *parts = code.lower().replace("_", "-").split("-")
    return [language, *filter(None, parts)]


def _declared(language: str, parts: Sequence[str]) -> list[str]:
    """Return how scans store a language with a region or script: regions are in capitals."""
    spelled = ([p.upper() if len(p) == 2 else how(p) for p in parts] for how in (str, str.title))
    return list(dict.fromkeys("-".join([language, *each]) for each in spelled))


def _with_regions(language: str) -> Q:
    """Match a language and its regions: one range of SQLite's index, two of PostgreSQL's."""
    if connection.vendor == "sqlite":  # which compares bytes: a full stop follows the hyphen
        return Q(language__gte=language, language__lt=f"{language}.")
    return Q(language=language) | begins("language", f"{language}-")


def _of_batch(value: str) -> Condition:
    return Q(jobs__batch_id=value)


def _ending(value: str) -> Condition:
    ending = read_host("." + value.removeprefix("*").lstrip("."))
    return Prefix.of("reversed_host", reversed_host(ending))


def read_uuid(text: str) -> str:
    """Return an id in canonical form; raise BadValue if it is not one."""
    if (value := read_uuid_or_none(text)) is None:
        raise BadValue(f"“{text}” is not an id.")
    return str(value)


def read_uuid_or_none(text: str) -> UUID | None:
    """Return the id in a text, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _known_technologies(user: Any) -> Iterable[str]:
    return sorted(signature.name for signature in load_signatures())


FILTERS: tuple[Filter, ...] = (
    by_host("q", leads_in="host"),
    by_words("Words", common=8, placeholder="Words in the title or description"),
    choice("status", "Status", Domain.Status.choices, "status", common=Domain.Status.SCANNED),
    choice("verdict", "Verdict", VERDICTS, "verdict", common=""),
    choice("reason", "Failure reason", FAILURE_REASONS, "failure_reason", common=""),
    _has("has_email", "Has e-mail", "email", _lists("email")),
    _has("has_phone", "Has phone", "phone", _lists("phone")),
    _has("has_address", "Has postal address", "address", _has_address),
    choice(
        "email_label",
        "E-mail label",
        EMAIL_LABELS,
        lambda labels: _lists_some("email") & Q(EMAILS.any(labels)),
        by_frequency=EMAILS.rare,
        group="Contacts",
    ),
    text(
        "phone_country",
        "Phone country",
        lambda code: _lists_some("phone") & Q(PHONES.one(code)),
        read=country_code,
        by_frequency=PHONES.rare,
        group="Contacts",
        placeholder="DE",
    ),
    choice(
        "social",
        "Has profile on",
        NETWORKS,
        PROFILES.any,
        by_frequency=PROFILES.rare,
        group="Contacts",
    ),
    choice(
        "no_social",
        "Has no profile on",
        NETWORKS,
        lambda names: ~PROFILES.any(names),
        group="Contacts",
    ),
    text(
        "technology",
        "Uses",
        USES.one,
        by_frequency=USES.rare,
        group="Technologies",
        placeholder="WordPress or WordPress@6",
        suggestions=_known_technologies,
        is_multiple=True,
    ),
    text(
        "no_technology",
        "Does not use",
        USES.one,
        excludes=True,
        group="Technologies",
        placeholder="WordPress or WordPress@6",
        suggestions=_known_technologies,
        is_multiple=True,
    ),
    choice(
        "category",
        "Uses a technology of",
        [(name, name) for name in sorted(CATEGORIES, key=str.lower)],
        CATEGORY_USES.any,
        by_frequency=CATEGORY_USES.rare,
        group="Technologies",
    ),
    text(
        "language",
        "Language",
        _in_language,
        range_of="language",
        is_range=lambda code: len(_language_parts(code)) == 1,
        placeholder="de or pt-BR",
    ),
    text(
        "tld",
        "Top-level domain",
        _ending,
        range_of="reversed_host",
        placeholder="co.uk",
    ),
    single("batch", "Batch", read_uuid, _of_batch, group=EVERYTHING, placeholder="Batch id"),
    text(
        "tag",
        "Tag",
        TAGS.one,
        by_frequency=TAGS.rare,
        group=EVERYTHING,
        suggestions=tag_names,
        is_multiple=True,
    ),
    text(
        "list",
        "In the saved list",
        LISTED.one,
        by_frequency=LISTED.rare,
        group=EVERYTHING,
        placeholder="The name of a list",
        suggestions=list_names,
        is_multiple=True,
    ),
    text(
        "no_list",
        "Not in the saved list",
        LISTED.one,
        excludes=True,
        group=EVERYTHING,
        suggestions=list_names,
        is_multiple=True,
    ),
    by_curation(),
    choice(
        "page_type",
        "Has page",
        TYPES,
        PAGES.any,
        by_frequency=PAGES.rare,
        group="Pages",
    ),
    number("pages_min", "Pages, at least", _counts_pages("gte"), group="Pages"),
    number("pages_max", "Pages, at most", _counts_pages("lte"), group="Pages"),
    choice(
        "sitemaps",
        "Sitemap submission",
        Domain.SitemapAnalysis.choices,
        "sitemap_analysis_status",
        common=Domain.SitemapAnalysis.PENDING,
        group="Pages",
    ),
    day(
        "first_seen_after",
        "First seen after",
        "created_at__gte",
        range_of="created_at",
        group="Dates",
    ),
    day(
        "first_seen_before",
        "First seen before",
        "created_at__lte",
        range_of="created_at",
        group="Dates",
    ),
    day("scanned_after", "Scanned after", "last_scanned_at__gte", group="Dates"),
    day("scanned_before", "Scanned before", "last_scanned_at__lte", group="Dates"),
)
