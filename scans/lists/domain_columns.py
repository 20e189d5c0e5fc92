"""The columns of the list of domains."""

from dataclasses import replace

from django.urls import reverse

from scans.lists.common import CURATED_AT, CURATED_BY, CURATION, ID
from scans.models import Contact, Domain, Technology
from scrapersky.web.lists import Column, Kind


def _link(scheme: str, value: str | None) -> str:
    return f"{scheme}:{value}" if value else ""


def _outcome(row: Domain) -> str:
    return row.failure_reason if row.status == "failed" else row.verdict or row.status


def versions_of(row: Domain) -> dict[str, str]:
    """Return the technologies with a known version."""
    uses = [use for use in row.technology_rows.all() if use.version and _is_shown(use)]
    return {use.name: use.version for use in uses}


def addresses_of(row: Domain) -> list[str]:
    contacts = [contact for contact in row.contacts.all() if _is_shown(contact)]
    return [contact.value for contact in contacts if contact.kind == "address"]


def source_pages_of(row: Domain) -> list[str]:
    """Return the pages on which contacts were read."""
    contacts = [contact for contact in row.contacts.all() if _is_shown(contact)]
    return sorted({contact.page_url for contact in contacts if contact.page_url})


def _is_shown(row: Contact | Technology) -> bool:
    return row.gone_at is None and not row.is_wrong


COLUMNS = (
    Column(
        "host",
        "Domain",
        link=lambda row: reverse("domain_detail", args=[row.pk]),
        keeps_origin=True,
        cell_prefetch=("tags",),
        template="scans/_host_cell.html",
    ),
    Column("title", "Title"),
    Column(
        "outcome",
        "Result",
        Kind.STATE,
        value=_outcome,
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
        value=versions_of,
        fields=(),
        prefetch=("technology_rows",),
        is_default=False,
    ),
    Column(
        "addresses",
        "Addresses",
        Kind.ITEMS,
        value=addresses_of,
        fields=(),
        prefetch=("contacts",),
        is_default=False,
    ),
    Column(
        "source_pages",
        "Pages with contacts",
        Kind.ITEMS,
        value=source_pages_of,
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
