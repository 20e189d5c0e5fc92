"""The filters of the list of domains."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from scans.curating import tag_names
from scans.curation import DomainTag
from scans.domain_lists.models import DomainList, ListedDomain
from scans.domain_lists.services import list_names
from scans.engine.errors import FailureReason
from scans.engine.extractors.social import network_names
from scans.engine.technologies.loader import CATEGORIES, load_signatures
from scans.filters import PAGE_TYPES
from scans.lists.common import EVERYTHING, by_curation
from scans.lists.rare_technologies import rare_uses
from scans.models import VERDICTS, Contact, Domain, Page, Technology, reversed_host
from scans.names import readable, with_names
from scans.text_search import Prefix, host_begins, host_matches, words_match
from scrapersky.web.lists import choice, day, flag, number, text
from scrapersky.web.lists.filters import BadValue, Condition, Filter, Missing, Not

REASONS = [(reason.value, readable(reason.value)) for reason in FailureReason]
TYPES = [(name, name.capitalize()) for name in PAGE_TYPES]
NETWORKS = [(name, readable(name)) for name in network_names()]
EMAIL_LABELS = [(name, name.capitalize()) for name in ("corporate", "service", "free", "unknown")]


def _contacts(**wanted: Any) -> Exists:
    """Return the condition that a domain has such a contact; the index starts with the tenant."""
    rows: QuerySet[Contact] = Contact.objects.visible().filter(gone_at=None, **wanted)
    return Exists(rows.filter(tenant=OuterRef("tenant_id"), domain=OuterRef("pk")))


def _technologies(**wanted: Any) -> Exists:
    rows: QuerySet[Technology] = Technology.objects.visible().filter(gone_at=None, **wanted)
    return Exists(rows.filter(tenant=OuterRef("tenant_id"), domain=OuterRef("pk")))


def technology_fields(value: str) -> dict[str, str]:
    """Parse `WordPress` as a name, and `WordPress@6` as a name and a version prefix."""
    name, at, version = value.partition("@")
    return {"name": name.strip(), **({"version__startswith": version.strip()} if at else {})}


def _technology(value: str) -> Condition:
    return _technologies(**technology_fields(value))


def _has(kind: str) -> Any:
    """Return the condition on whether a domain has a contact of a kind.

    A pinned one counts even if no scan finds it any more. A domain without an e-mail address or a
    phone number has no best one either, so an index shows at once where every domain has one.
    """

    def condition(has: bool) -> Condition:
        rows = Contact.objects.visible().filter(Q(gone_at=None) | Q(is_pinned=True), kind=kind)
        exists = Exists(rows.filter(tenant=OuterRef("tenant_id"), domain=OuterRef("pk")))
        if has:
            return exists
        return ~exists if kind == "address" else _in_any_index(Missing.of(f"best_{kind}")) & ~exists

    return condition


def _in_any_index(condition: Condition) -> Q:
    """State a condition for scanned and unscanned domains, which are in different indexes."""
    is_unscanned = Q(status=Domain.Status.UNSCANNED)
    return Q(condition) & ~is_unscanned | Q(condition) & is_unscanned


def _counts_pages(lookup: str) -> Callable[[int], Q]:
    return lambda value: _in_any_index(Q(**{f"page_count__{lookup}": value}))


def _tagged(name: str) -> Condition:
    return Exists(DomainTag.objects.filter(domain=OuterRef("pk"), tag__name=name))


def _listed(value: str) -> Exists:
    """Return the condition that a domain is in the saved list with this name or id."""
    lists = DomainList.objects.filter(Q(name=value) | Q(pk=read_uuid_or_none(value)))
    rows = ListedDomain.objects.filter(domain=OuterRef("pk"))
    return Exists(rows.filter(domain_list__in=lists.order_by().values("pk")))


def _in_language(code: str) -> Condition:
    return Q(Not.of("language", ""), language=code.lower())


def _of_batch(value: str) -> Condition:
    return Q(jobs__batch_id=value)


def _has_page(name: str) -> Condition:
    pages = Page.objects.filter(domain=OuterRef("pk"), page_type=name, gone_at=None)
    return Exists(pages.filter(tenant=OuterRef("tenant_id")))


def _ending(value: str) -> Condition:
    return Prefix.of("reversed_host", reversed_host("." + value.lower().lstrip(".")))


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


def _technology_names(user: Any) -> Iterable[str]:
    return sorted(signature.name for signature in load_signatures())


FILTERS: tuple[Filter, ...] = (
    text(
        "q",
        "Domain",
        host_matches,
        leading=host_begins,
        leads_in="host",
        placeholder="example.com, .de, a URL or an e-mail address",
    ),
    text("words", "Words", words_match, placeholder="Words in the title or description"),
    choice("status", "Status", Domain.Status.choices, "status", common=Domain.Status.SCANNED),
    choice("verdict", "Verdict", with_names(VERDICTS), "verdict", common=""),
    choice("reason", "Failure reason", REASONS, "failure_reason", common=""),
    flag("has_email", "Has e-mail", _has("email"), group="Contacts"),
    flag("has_phone", "Has phone", _has("phone"), group="Contacts"),
    flag("has_address", "Has postal address", _has("address"), group="Contacts"),
    choice(
        "email_label",
        "E-mail label",
        EMAIL_LABELS,
        lambda labels: _contacts(kind="email", label__in=labels),
        group="Contacts",
    ),
    text(
        "phone_country",
        "Phone country",
        lambda code: _contacts(kind="phone", country=code.upper()[:2]),
        group="Contacts",
        placeholder="DE",
    ),
    choice(
        "social",
        "Has profile on",
        NETWORKS,
        lambda names: _contacts(kind="social", label__in=names),
        group="Contacts",
    ),
    choice(
        "no_social",
        "Has no profile on",
        NETWORKS,
        lambda names: ~_contacts(kind="social", label__in=names),
        group="Contacts",
    ),
    text(
        "technology",
        "Uses",
        _technology,
        rare=rare_uses(technology_fields),
        group="Technologies",
        placeholder="WordPress or WordPress@6",
        suggestions=_technology_names,
        is_multiple=True,
    ),
    text(
        "no_technology",
        "Does not use",
        _technology,
        excludes=True,
        group="Technologies",
        placeholder="WordPress or WordPress@6",
        suggestions=_technology_names,
        is_multiple=True,
    ),
    choice(
        "category",
        "Uses a technology of",
        [(name, name) for name in sorted(CATEGORIES, key=str.lower)],
        lambda names: _technologies(category__in=names),
        rare=rare_uses(lambda name: {"category": name}),
        group="Technologies",
    ),
    text("language", "Language", _in_language, placeholder="de"),
    text("tld", "Top-level domain", _ending, placeholder="co.uk"),
    Filter(
        "batch",
        "Batch",
        read_uuid,
        lambda values: _of_batch(values[-1]),
        group=EVERYTHING,
        placeholder="Batch id",
    ),
    text("tag", "Tag", _tagged, group=EVERYTHING, suggestions=tag_names, is_multiple=True),
    text(
        "list",
        "In the saved list",
        _listed,
        group=EVERYTHING,
        placeholder="The name of a list",
        suggestions=list_names,
        is_multiple=True,
    ),
    text(
        "no_list",
        "Not in the saved list",
        _listed,
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
        lambda names: Q(*(_has_page(name) for name in names), _connector=Q.OR),
        group="Pages",
    ),
    number("pages_min", "Pages, at least", _counts_pages("gte"), group="Pages"),
    number("pages_max", "Pages, at most", _counts_pages("lte"), group="Pages"),
    choice(
        "sitemaps",
        "Sitemap submission",
        Domain.SitemapAnalysis.choices,
        "sitemap_analysis_status",
        group="Pages",
    ),
    day("first_seen_after", "First seen after", "created_at__gte", group="Dates"),
    day("first_seen_before", "First seen before", "created_at__lte", group="Dates"),
    day("scanned_after", "Scanned after", "last_scanned_at__gte", group="Dates"),
    day("scanned_before", "Scanned before", "last_scanned_at__lte", group="Dates"),
)
