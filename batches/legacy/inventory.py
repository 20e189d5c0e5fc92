"""Convert sitemaps, pages and contacts: the older tables of findings on a domain.

A domain has one row per URL or e-mail address here: of several older rows the first keeps its id,
and the ids of the others become aliases. Rows without a domain or a usable address are left behind
and listed in the report.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from batches.legacy import id_map
from batches.legacy.contacts_and_technologies import EVIDENCE, METHOD
from batches.legacy.context import ONCE, Context
from batches.legacy.json_sql import named
from batches.legacy.rows import Keys, follow, join_term, load, merge, read_terms
from batches.legacy.target import Rows, insert_and_compare
from scans.engine.links import canonical_url, resolve_url
from scans.storage import url_hash

EPOCH = "'1970-01-01 00:00Z'"
DOMAIN = "LEFT JOIN ref_domain d ON d.own = o.domain_id_u"
ADDRESS = "LEFT JOIN read_url u ON u.text = o.url"
ADDRESSES = """
SELECT url FROM (SELECT url FROM old_sitemap_files UNION SELECT url FROM old_sitemap_urls
    UNION SELECT url FROM old_pages) AS x WHERE url IS NOT NULL"""
PAGES = """
(SELECT id, id_u, domain_id_u, url, page_type, lastmod, changefreq, priority_value AS priority,
    'sitemap' AS source, NULL::text AS curation, sitemap_id,
    CASE WHEN loc_text <> url THEN loc_text END AS loc_text, NULL::timestamptz AS changed,
    extra, odd,
    created_at, coalesce(updated_at, created_at) AS seen
 FROM old_sitemap_urls
 UNION ALL
 SELECT id, id_u, domain_id_u, url, page_type, last_modified, NULL, NULL,
    'link', page_curation_status, NULL, NULL,
    CASE WHEN last_scan <> updated_at THEN updated_at END, extra, odd,
    created_at, coalesce(last_scan, updated_at, created_at) FROM old_pages) AS o"""
_SEEN = {
    "first_seen": f"coalesce(r.first_seen, r.last_seen, {EPOCH})",
    "last_seen": f"coalesce(r.last_seen, r.first_seen, {EPOCH})",
}
_ALL_LEGACY = (
    "jsonb_agg(legacy ORDER BY seen DESC NULLS LAST, own) FILTER (WHERE legacy IS NOT NULL)"
)
# Values without a column here: those of the newest row, then those of rows merged into it.
_CARRIED_ON = {
    "curation": "coalesce(r.curation, 'new')",
    "metadata": "CASE WHEN r.legacy IS NOT NULL "
    "THEN jsonb_build_object('legacy', r.legacy -> 0) || "
    "CASE WHEN jsonb_array_length(r.legacy) > 1 THEN jsonb_build_object('merged', r.legacy - 0) "
    "ELSE '{}' END END",
}
_LATEST = "(array_agg({0} ORDER BY seen DESC NULLS LAST, own) FILTER (WHERE {0} IS NOT NULL))[1]"


def sql_newest(table: str, same: str, facts: Iterable[str]) -> str:
    """Return the FROM clause of the rows to create; merged rows take the newest facts."""
    newest = "".join(f", {_LATEST.format(name)} AS {name}" for name in (*facts, "curation"))
    seen = "min(created) AS first_seen, max(seen) AS last_seen"
    return (
        f"(SELECT uuid, domain, {same}, {seen}{newest}, {_ALL_LEGACY} AS legacy FROM {table} "
        f"GROUP BY uuid, run_of, domain, {same} HAVING bool_or(made)) AS r"
    )


def _legacy_values(values: dict[str, str]) -> str:
    """Return the SQL of the values of a row `o` to keep in metadata; NULL if none."""
    others = "coalesce(o.extra, '{}') || coalesce(o.odd, '{}')"
    return f"nullif({others} || {named(values)}, '{{}}')"


def _unless_same(column: str, becomes: str) -> str:
    """Return the SQL of the original term, NULL if it was not changed."""
    return f"CASE WHEN lower({column}) <> {becomes} THEN {column} END"


@dataclass(frozen=True)
class Listing:
    """An older table of findings on domains, and how its rows are converted."""

    # The name of a row in messages.
    older: str
    keys: Keys
    facts: dict[str, str]
    # The column that identifies a finding within its domain, NULL if it cannot be read.
    same: str
    # The condition that matches it in the table `t` of this system.
    there: str
    rows: Rows

    @property
    def table(self) -> str:
        return f"row_{self.keys.kind}"


SITEMAPS = Listing(
    older="sitemap",
    keys=Keys(
        "sitemap",
        f"(SELECT *, coalesce(updated_at, created_at) AS seen FROM old_sitemap_files {ONCE}) o "
        f"{DOMAIN} {ADDRESS} {join_term('sitemap_kind', 'o.sitemap_type', 'k')} "
        f"{join_term('sitemap_source', 'o.discovery_method', 's')} "
        f"{join_term('curation', 'o.deep_scrape_curation_status', 'c')}",
    ),
    facts={
        "own": "o.id",
        "domain": "d.uuid",
        "url": "u.sitemap",
        "hash": "u.sitemap_hash",
        "seen": "o.seen",
        "found_as": "nullif(k.becomes, '')",
        "source": "nullif(s.becomes, '')",
        "urls": "o.url_count",
        "bytes": "o.size_bytes",
        "error": "o.error_message",
        "curation": "nullif(c.becomes, 'new')",
        "legacy": _legacy_values(
            {
                "sitemap_type": _unless_same("o.sitemap_type", "k.becomes"),
                "discovery_method": _unless_same("o.discovery_method", "s.becomes"),
                "deep_scrape_curation_status": _unless_same(
                    "o.deep_scrape_curation_status", "c.becomes"
                ),
            }
        ),
        "said": "o.url",
    },
    same="hash",
    there="t.url_hash = r.hash",
    rows=Rows(
        model="scans.Sitemap",
        columns={
            "id": "r.uuid",
            "tenant_id": "o.tenant_id",
            "domain_id": "r.domain",
            **_SEEN,
            **_CARRIED_ON,
            "gone_at": "NULL::timestamptz",
            "url": "r.url",
            "url_hash": "r.hash",
            "kind": "coalesce(r.found_as, '')",
            "source": "coalesce(r.source, '')",
            "parent_url": "''",
            "url_count": "least(greatest(coalesce(r.urls, 0), 0), 2147483647)",
            "bytes": "greatest(coalesce(r.bytes, 0), 0)",
            "error": "coalesce(r.error, '')",
        },
        source=sql_newest(
            "row_sitemap", "hash", ("url", "found_as", "source", "urls", "bytes", "error")
        )
        + " JOIN {domains} o ON o.id = r.domain",
        settled=("id", "domain_id", "url_hash"),
        touched="last_seen",
    ),
)
PAGE_ROWS = Listing(
    older="page",
    keys=Keys(
        "page",
        f"{PAGES} {DOMAIN} {ADDRESS} {join_term('page_type', 'o.page_type', 'p')} "
        f"{join_term('curation', 'o.curation', 'c')}",
    ),
    facts={
        "own": "o.id",
        "domain": "d.uuid",
        "url": "u.page",
        "hash": "u.page_hash",
        "seen": "o.seen",
        "source": "o.source",
        "in_sitemap": "CASE WHEN o.source = 'sitemap' THEN true END",
        "page_type": "nullif(p.becomes, 'other')",
        "lastmod": "o.lastmod",
        "changefreq": "left(lower(btrim(o.changefreq)), 16)",
        "priority": "CASE WHEN o.priority BETWEEN 0 AND 1 THEN o.priority END",
        "curation": "nullif(c.becomes, 'new')",
        "legacy": _legacy_values(
            {
                "page_type": _unless_same("o.page_type", "p.becomes"),
                "page_curation_status": _unless_same("o.curation", "c.becomes"),
                "sitemap_id": "o.sitemap_id",
                "loc_text": "o.loc_text",
                "updated_at": "o.changed",
            }
        ),
        "said": "o.url",
    },
    same="hash",
    there="t.url_hash = r.hash",
    rows=Rows(
        model="scans.Page",
        columns={
            "id": "r.uuid",
            "tenant_id": "o.tenant_id",
            "domain_id": "r.domain",
            **_SEEN,
            **_CARRIED_ON,
            "url": "r.url",
            "url_hash": "r.hash",
            "source": "coalesce(r.source, '')",
            "in_sitemap": "coalesce(r.in_sitemap, false)",
            "page_type": "coalesce(r.page_type, 'other')",
            "lastmod": "r.lastmod",
            "changefreq": "coalesce(r.changefreq, '')",
            "priority": "r.priority",
        },
        source=sql_newest(
            "row_page",
            "hash",
            ("url", "source", "in_sitemap", "page_type", "lastmod", "changefreq", "priority"),
        )
        + " JOIN {domains} o ON o.id = r.domain",
        settled=("id", "domain_id", "url_hash"),
        touched="last_seen",
    ),
)
CONTACTS = Listing(
    older="contact",
    keys=Keys(
        "contact",
        f"(SELECT *, coalesce(updated_at, created_at) AS seen FROM old_contacts {ONCE}) o "
        f"{DOMAIN} {join_term('email_type', 'o.email_type', 'e')} "
        f"{join_term('curation', 'o.contact_curation_status', 'c')} "
        "LEFT JOIN page_of_contact p ON p.id = o.page_id",
    ),
    facts={
        "own": "o.id",
        "domain": "d.uuid",
        "email": "CASE WHEN length(btrim(o.email)) BETWEEN 1 AND 500 "
        "THEN lower(btrim(o.email)) END",
        "seen": "o.seen",
        "label": "nullif(e.becomes, 'unknown')",
        "page_url": "CASE WHEN length(o.source_url) <= 2000 AND o.source_url <> '' "
        "THEN o.source_url ELSE p.url END",
        "snippet": "coalesce(nullif(btrim(o.context), ''), nullif(btrim(o.name), ''))",
        "curation": "nullif(c.becomes, 'new')",
        "legacy": _legacy_values(
            {
                "page_id": "o.page_id",
                "name": "o.name",
                "email_type": _unless_same("o.email_type", "e.becomes"),
                "source_url": "CASE WHEN length(o.source_url) > 2000 THEN o.source_url END",
                "contact_curation_status": _unless_same("o.contact_curation_status", "c.becomes"),
            }
        ),
        "said": "o.email",
    },
    same="email",
    there="t.kind = 'email' AND t.value = r.email",
    rows=Rows(
        model="scans.Contact",
        columns={
            "id": "r.uuid",
            "tenant_id": "o.tenant_id",
            "domain_id": "r.domain",
            **_SEEN,
            **_CARRIED_ON,
            "gone_at": "NULL::timestamptz",
            "kind": "'email'",
            "value": "r.email",
            "label": "coalesce(r.label, 'unknown')",
            "page_url": "coalesce(r.page_url, '')",
            "snippet": f"coalesce(r.snippet, '{EVIDENCE}')",
            "method": f"'{METHOD}'",
            "confidence": "0.5",
        },
        source=sql_newest("row_contact", "email", ("label", "page_url", "snippet"))
        + " JOIN {domains} o ON o.id = r.domain",
        settled=("id", "domain_id", "kind", "value"),
        touched="last_seen",
    ),
)
LISTINGS = (SITEMAPS, PAGE_ROWS, CONTACTS)
TERMS = {
    "sitemap_kind": "SELECT DISTINCT coalesce(sitemap_type, '') FROM old_sitemap_files",
    "sitemap_source": "SELECT DISTINCT coalesce(discovery_method, '') FROM old_sitemap_files",
    "page_type": "SELECT coalesce(page_type, '') FROM old_sitemap_urls "
    "UNION SELECT coalesce(page_type, '') FROM old_pages",
    "email_type": "SELECT DISTINCT coalesce(email_type, '') FROM old_contacts",
    "curation": "SELECT coalesce(deep_scrape_curation_status, '') FROM old_sitemap_files "
    "UNION SELECT coalesce(page_curation_status, '') FROM old_pages "
    "UNION SELECT coalesce(contact_curation_status, '') FROM old_contacts UNION SELECT ''",
}
# The URL of the page that a contact was found on.
PAGE_OF_CONTACT = """
SELECT DISTINCT ON (p.id) p.id, p.url FROM old_pages p
WHERE length(p.url) BETWEEN 1 AND 2000 AND p.id IN (SELECT page_id FROM old_contacts)"""


def plan(context: Context) -> None:
    """Plan the rows; merge duplicates and match rows that exist already."""
    _read_addresses(context)
    context.create("page_of_contact", PAGE_OF_CONTACT)
    for vocabulary, texts in TERMS.items():
        read_terms(context, vocabulary, texts)
    for listing in LISTINGS:
        load(context, listing.keys, listing.facts)
        if not context.verifying:
            _settle(context, listing)


def make(context: Context) -> None:
    domains = context.table("scans.Domain")
    for listing in LISTINGS:
        source = listing.rows.source.replace("{domains}", domains)
        insert_and_compare(context, replace(listing.rows, source=source))


def faults(context: Context) -> list[str]:
    """Return a fault for each kind of which the map lacks rows that belong to a domain."""
    gaps = []
    for listing in LISTINGS:
        facts = listing.facts
        there = context.value(
            f"SELECT count(*) FROM {listing.keys.source} "
            f"WHERE {facts['domain']} IS NOT NULL AND ({facts[listing.same]}) IS NOT NULL"
        )
        mapped = context.value(f"SELECT count(*) FROM {listing.table}")
        if there != mapped:
            gaps.append(f"of {there} {listing.older}s the map has {mapped}")
    return gaps


def _read_addresses(context: Context) -> None:
    """Normalise every URL as a scan does, in Python because SQL has no such function."""
    context.define(
        "read_url", "text text, sitemap text, sitemap_hash bytea, page text, page_hash bytea"
    )
    for rows in context.chunks(ADDRESSES):
        context.copy("read_url", (_address(text) for (text,) in rows))
    context.execute("ANALYZE read_url")


def _address(text: str) -> tuple[str | bytes | None, ...]:
    return text, *_hashed(resolve_url(text)), *_hashed(canonical_url(text))


def _hashed(url: str | None) -> tuple[str | None, bytes | None]:
    return (url, url_hash(url)) if url else (None, None)


def _settle(context: Context, listing: Listing) -> None:
    """Assign every row its UUID and record it; leave rows behind that no domain can hold."""
    table = listing.table
    unusable = f"domain IS NULL OR {listing.same} IS NULL"
    context.note(
        f"{listing.older} was left behind",
        f"SELECT '{listing.keys.kind}', NULL::bigint, own, CASE WHEN domain IS NULL "
        f"THEN 'its domain is gone: ' ELSE 'not a valid {listing.older}: ' END "
        f"|| coalesce(said, '') FROM {table} WHERE {unusable}",
    )
    context.execute(f"DELETE FROM {table} WHERE {unusable}")
    there = f"t.domain_id = r.domain AND {listing.there}"
    merge(context, table, listing.rows.model, there=there, same=f"domain, {listing.same}")
    id_map.settle(context, listing.keys.kind, table, context.table(listing.rows.model))
    follow(context, table)
    id_map.write(context, listing.keys.kind, table)
