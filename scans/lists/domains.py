"""The list of domains."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from scans.curating import tag_names
from scans.curation import Curation, DomainTag
from scans.domain_lists.models import DomainList, ListedDomain
from scans.domain_lists.services import list_names
from scans.engine.errors import FailureReason
from scans.engine.extractors.social import network_names
from scans.engine.technologies.loader import load_signatures
from scans.filters import PAGE_TYPES
from scans.lists.common import (
    CURATED_AT,
    CURATED_BY,
    CURATION,
    EVERYTHING,
    ID,
    RECIPES,
    by_curation,
    curate_action,
)
from scans.models import VERDICTS, Contact, Domain, Page, Technology, reversed_host
from scans.names import readable, with_names
from scans.text_search import Prefix, host_begins, host_matches, words_match
from scrapersky.web.lists import (
    Action,
    Column,
    Kind,
    ListDefinition,
    Sort,
    choice,
    day,
    flag,
    number,
    register,
    text,
)
from scrapersky.web.lists.filters import BadValue, Condition, Filter, Not
from scrapersky.web.lists.recipes import load_recipes

REASONS = [(reason.value, readable(reason.value)) for reason in FailureReason]
TYPES = [(name, name.capitalize()) for name in PAGE_TYPES]
EMAIL_LABELS = [(name, name.capitalize()) for name in ("corporate", "service", "free", "unknown")]


def _contacts(**wanted: Any) -> Exists:
    """Return whether a domain has a visible contact; by the tenant first, as the index has it."""
    rows: QuerySet[Contact] = Contact.objects.visible().filter(gone_at=None, **wanted)
    return Exists(rows.filter(tenant=OuterRef("tenant_id"), domain=OuterRef("pk")))


def _technologies(**wanted: Any) -> Exists:
    rows: QuerySet[Technology] = Technology.objects.visible().filter(gone_at=None, **wanted)
    return Exists(rows.filter(tenant=OuterRef("tenant_id"), domain=OuterRef("pk")))


def technology_fields(value: str) -> dict[str, str]:
    """Read `WordPress` as a name, `WordPress@6` as a name and the beginning of a version."""
    name, at, version = value.partition("@")
    return {"name": name.strip(), **({"version__startswith": version.strip()} if at else {})}


def _technology(value: str) -> Condition:
    return _technologies(**technology_fields(value))


def _has(kind: str) -> Any:
    return lambda has: _contacts(kind=kind) if has else ~_contacts(kind=kind)


def _tagged(name: str) -> Condition:
    return Exists(DomainTag.objects.filter(domain=OuterRef("pk"), tag__name=name))


def _listed(value: str) -> Exists:
    """Return whether a domain is in the saved list with a name or id."""
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
    """Return an id as text; raises BadValue."""
    if (value := read_uuid_or_none(text)) is None:
        raise BadValue(f"“{text}” is no id.")
    return str(value)


def read_uuid_or_none(text: str) -> UUID | None:
    """Return the id that a text is, None where it is something else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _link(scheme: str, value: str | None) -> str:
    return f"{scheme}:{value}" if value else ""


def _outcome(row: Domain) -> str:
    return row.failure_reason if row.status == "failed" else row.verdict or row.status


def _technology_names(user: Any) -> Iterable[str]:
    return sorted(signature.name for signature in load_signatures())


def _categories() -> list[tuple[str, str]]:
    names = sorted({signature.category for signature in load_signatures()})
    return [(name, name.capitalize()) for name in names]


FILTERS: tuple[Filter, ...] = (
    text(
        "q",
        "Domain",
        host_matches,
        leading=host_begins,
        leads_in="host",
        placeholder="example.com, .de, a URL or an e-mail address",
    ),
    text("words", "Words", words_match, placeholder="Words of title or description"),
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
        network_names(),
        lambda names: _contacts(kind="social", label__in=names),
        group="Contacts",
    ),
    choice(
        "no_social",
        "Has no profile on",
        network_names(),
        lambda names: ~_contacts(kind="social", label__in=names),
        group="Contacts",
    ),
    text(
        "technology",
        "Uses",
        _technology,
        group="Technologies",
        placeholder="WordPress or WordPress@6",
        suggestions=_technology_names,
        is_multiple=True,
    ),
    text(
        "no_technology",
        "Does not use",
        lambda name: ~_technologies(name=name),
        group="Technologies",
        suggestions=_technology_names,
    ),
    choice(
        "category",
        "Uses a technology of",
        _categories(),
        lambda names: _technologies(category__in=names),
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
        lambda value: ~_listed(value),
        group=EVERYTHING,
        suggestions=list_names,
    ),
    by_curation(),
    choice(
        "page_type",
        "Has page",
        TYPES,
        lambda names: Q(*(_has_page(name) for name in names), _connector=Q.OR),
        group="Pages",
    ),
    number("pages_min", "Pages, at least", "page_count__gte", group="Pages"),
    number("pages_max", "Pages, at most", "page_count__lte", group="Pages"),
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


def _versions(row: Domain) -> dict[str, str]:
    """Return the technologies whose version the site states."""
    uses = [use for use in row.technology_rows.all() if use.version and _is_shown(use)]
    return {use.name: use.version for use in uses}


def _addresses(row: Domain) -> list[str]:
    contacts = [contact for contact in row.contacts.all() if _is_shown(contact)]
    return [contact.value for contact in contacts if contact.kind == "address"]


def _source_pages(row: Domain) -> list[str]:
    """Return the pages that the contacts were read from."""
    contacts = [contact for contact in row.contacts.all() if _is_shown(contact)]
    return sorted({contact.page_url for contact in contacts if contact.page_url})


def _is_shown(row: Contact | Technology) -> bool:
    return row.gone_at is None and not row.is_wrong


COLUMNS = (
    Column(
        "host",
        "Domain",
        link=lambda row: reverse("domain_detail", args=[row.pk]),
        cell_prefetch=("tags",),
        template="scans/_host_cell.html",
    ),
    Column("title", "Title"),
    Column(
        "outcome",
        "Result",
        Kind.STATE,
        value=lambda row: (
            row.failure_reason if row.status == "failed" else row.verdict or row.status
        ),
        fields=("status", "failure_reason", "verdict"),
    ),
    Column("best_email", "Best e-mail", link=lambda row: _link("mailto", row.best_email)),
    Column("best_phone", "Best phone", link=lambda row: _link("tel", row.best_phone)),
    Column("emails", "E-mails", Kind.ITEMS, is_default=False),
    Column("phones", "Phones", Kind.ITEMS, is_default=False),
    Column("technologies", "Technologies", Kind.ITEMS),
    Column(
        "versions",
        "Technology versions",
        Kind.PAIRS,
        value=_versions,
        fields=(),
        prefetch=("technology_rows",),
        is_default=False,
    ),
    Column(
        "addresses",
        "Addresses",
        Kind.ITEMS,
        value=_addresses,
        fields=(),
        prefetch=("contacts",),
        is_default=False,
    ),
    Column(
        "source_pages",
        "Pages with contacts",
        Kind.ITEMS,
        value=_source_pages,
        fields=(),
        prefetch=("contacts",),
        is_default=False,
    ),
    Column("page_count", "Pages", Kind.NUMBER),
    Column("last_scanned_at", "Last scanned", Kind.TIME, is_volatile=True),
    Column("status", "Status", Kind.STATE, is_default=False),
    Column("verdict", "Verdict", Kind.STATE, is_default=False),
    Column("failure_reason", "Failure reason", Kind.STATE, is_default=False),
    Column("description", "Description", is_default=False),
    Column("language", "Language", is_default=False),
    Column("final_url", "Final URL", Kind.URL, is_default=False),
    Column("social", "Social profiles", Kind.PAIRS, is_default=False),
    Column("logo_url", "Logo", Kind.URL, is_default=False),
    Column("sitemap_count", "Sitemaps", Kind.NUMBER, is_default=False),
    Column("sitemap_analysis_status", "Sitemap submission", Kind.STATE, is_default=False),
    Column("page_types", "Page types", Kind.PAIRS, is_default=False),
    Column(
        "tags",
        "Tags",
        Kind.ITEMS,
        value=lambda row: [tag.name for tag in row.tags.all()],
        fields=(),
        prefetch=("tags",),
        is_default=False,
    ),
    Column(
        "lists",
        "Saved lists",
        Kind.ITEMS,
        value=lambda row: sorted(entry.domain_list.name for entry in row.list_entries.all()),
        fields=(),
        prefetch=("list_entries__domain_list",),
        is_default=False,
    ),
    replace(CURATION, is_default=False),
    CURATED_AT,
    CURATED_BY,
    Column("note", "Note", is_default=False),
    Column("noted_at", "Noted", Kind.TIME, is_default=False),
    Column("created_at", "First seen", Kind.TIME, is_default=False),
    Column("latest_scan_id", "Scan id", Kind.ID, is_default=False, is_volatile=True),
    Column("latest_batch_id", "Batch id", Kind.ID, is_default=False, is_volatile=True),
    ID,
)

LIST_ACTION = Action(
    "List", "domain_add_to_list_chosen", "list-details", inputs="bulk/_saved_list.html"
)

DOMAINS = register(
    ListDefinition(
        name="domains",
        label="Domains",
        singular="domain",
        rows=Domain.objects.all,
        columns=COLUMNS,
        filters=FILTERS,
        sorts=(
            Sort("host", ("host",), is_unique=True),
            Sort("page_count", ("page_count",)),
            Sort("last_scanned_at", ("last_scanned_at",), is_nullable=True),
            Sort("created_at", ("created_at",)),
            Sort("best_email", ("best_email",), is_nullable=True),
            Sort("best_phone", ("best_phone",), is_nullable=True),
        ),
        default_sort="host",
        url_name="domain_list",
        recipes=load_recipes(RECIPES, "domains", COLUMNS),
        row_url_name="domain_detail",
        page_actions="scans/_domain_actions.html",
        actions=(
            Action("Scan now", "domain_scan_chosen", "refresh"),
            Action("Queue for sitemaps", "domain_sitemaps_chosen", "sitemap"),
            Action("Tag", "domain_tag_chosen", "tag", inputs="bulk/_tags.html"),
            Action(
                "List", "domain_add_to_list_chosen", "list-details", inputs="bulk/_saved_list.html"
            ),
            curate_action("domain_curate_chosen"),
            Action("Delete", "domain_delete_chosen", "trash", is_dangerous=True),
        ),
        shortcuts=(
            ("With e-mail", "has_email=yes"),
            ("Failed", "status=failed"),
            ("Selected", f"curation={Curation.SELECTED}"),
            ("Scanned in the last 7 days", "scanned_after=7d"),
        ),
        empty_text="Every domain of a batch appears here, with the latest facts about it.",
    )
)
