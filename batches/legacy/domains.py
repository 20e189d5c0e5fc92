"""Convert domains: one per host of a tenant, with the newest facts of all its rows."""

from batches.legacy import hosts, id_map
from batches.legacy.context import ONCE, Context
from batches.legacy.ids import sql_embedded_uuid
from batches.legacy.json_sql import legacy_object, named, no_object, object_or_empty, strings
from batches.legacy.rows import Keys, follow, join_term, load, merge, read_terms
from batches.legacy.target import Rows, insert_and_compare
from batches.legacy.tenants import DEFAULT_TENANT
from batches.legacy.vocabulary import SOCIAL_LABELS, UNFINISHED

KEYS = Keys(
    "domain",
    f"(SELECT *, {hosts.sql_bare('domain')} AS bare FROM old_domains {ONCE}) o "
    "LEFT JOIN ref_tenant rt ON rt.ref = o.tenant_id",
)
FACTS = {
    "own": "o.id",
    "updated": "o.updated_at",
    "tenant": f"coalesce(rt.uuid, '{DEFAULT_TENANT}')",
    "name": "o.domain",
    "host": hosts.sql_plain_host("o.bare"),
    "refused": "NULL::text",
}
TWINS = """
SELECT uuid, run_of FROM row_domain WHERE how <> 'existing'
GROUP BY uuid, run_of HAVING count(*) > 1 AND bool_or(made)"""
NEWEST = """
WITH member AS (
    SELECT r.uuid, r.updated, r.own, to_jsonb(o) AS facts
    FROM twin JOIN row_domain r USING (uuid, run_of) JOIN old_domains o ON o.id = r.own
), newest AS (
    SELECT uuid, jsonb_object_agg(key, value ORDER BY updated NULLS FIRST, own) AS facts
    FROM member, jsonb_each(facts) WHERE value <> 'null' GROUP BY uuid
), combined AS (
    SELECT uuid, jsonb_agg(jsonb_strip_nulls(facts - 'id_u') ORDER BY updated, own) AS merged
    FROM member GROUP BY uuid
)
SELECT uuid AS winner, merged, (jsonb_populate_record(NULL::old_domains, facts)).*
FROM newest JOIN combined USING (uuid)"""
SOURCE = f"""
(SELECT r.tenant, r.host, r.refused, r.uuid AS winner, NULL::jsonb AS merged, o.*
 FROM row_domain r JOIN (SELECT * FROM old_domains {ONCE}) o ON o.id = r.own
 WHERE r.made AND NOT EXISTS (SELECT FROM twin t WHERE t.uuid = r.uuid)
 UNION ALL
 SELECT r.tenant, r.host, r.refused, n.*
 FROM row_domain r JOIN newest_domain n ON n.winner = r.uuid WHERE r.made) AS f
{join_term("domain", "f.status", "s")} {join_term("sitemap", "f.sitemap_analysis_status", "a")}
{join_term("domain_curation", "f.sitemap_curation_status", "c")}
LEFT JOIN ref_batch rb ON rb.ref = f.batch_id
LEFT JOIN technologies_of th ON th.uuid = f.winner
LEFT JOIN best_contact bc ON bc.domain = f.winner"""
LEGACY = {
    "domain": "CASE WHEN f.domain <> f.host THEN f.domain END",
    "host_refused": "f.refused",
    "status": "CASE WHEN NOT s.known OR f.status <> s.becomes THEN f.status END",
    "status_note": "CASE WHEN NOT s.known THEN 'this status is unknown here' END",
    "sitemap_analysis_status": "CASE WHEN f.sitemap_analysis_status <> a.becomes "
    "THEN f.sitemap_analysis_status END",
    "sitemap_curation_status": "CASE WHEN lower(f.sitemap_curation_status) <> c.becomes "
    "THEN f.sitemap_curation_status END",
    "language": "CASE WHEN length(f.language) > 16 THEN f.language END",
    "favicon_url": "CASE WHEN length(f.favicon_url) > 2000 THEN f.favicon_url END",
    "logo_url": "CASE WHEN length(f.logo_url) > 2000 THEN f.logo_url END",
    "is_wordpress": "f.is_wordpress",
    "wordpress_version": "f.wordpress_version",
    "has_elementor": "f.has_elementor",
    "elementor_version": "f.elementor_version",
    "sitemap_urls": "f.sitemap_urls",
    "total_sitemaps": "f.total_sitemaps",
}
LEGACY_JSON = {
    "tech_stack": "f.tech_stack",
    "domain_metadata": no_object("f.domain_metadata"),
    "merged": "f.merged",
}
LEAST = "0001-01-02 00:00Z"
CREATED = "coalesce(f.created_at, f.updated_at, f.last_scan, '1970-01-01 00:00Z')"


def _url(column: str) -> str:
    return f"CASE WHEN length({column}) <= 2000 THEN {column} ELSE '' END"


def _count(column: str) -> str:
    return f"least(greatest(coalesce({column}, 0), 0), 2147483647)"


DOMAINS = Rows(
    model="scans.Domain",
    columns={
        "id": "f.winner",
        "tenant_id": "f.tenant",
        "host": "f.host",
        "reversed_host": "reverse(f.host)",
        "status": "s.becomes",
        "failure_reason": "CASE WHEN s.becomes = 'failed' THEN 'internal_error' ELSE '' END",
        "verdict": "''",
        "final_url": "''",
        "title": "coalesce(f.title, '')",
        "description": "coalesce(f.description, '')",
        "language": "left(coalesce(f.language, ''), 16)",
        "favicon_url": _url("f.favicon_url"),
        "logo_url": _url("f.logo_url"),
        "emails": strings("f.email_addresses", "lower(btrim(e))"),
        "phones": strings("f.phone_numbers"),
        "social": named(
            {label: f"nullif(btrim(f.{column}), '')" for column, label in SOCIAL_LABELS.items()}
        ),
        "technologies": "coalesce(th.names, '[]')",
        "best_email": "bc.email",
        "best_phone": "bc.phone",
        "curation": "c.becomes",
        "note": "coalesce(f.notes, '')",
        "sitemap_count": _count("f.total_sitemaps"),
        "page_count": _count("f.sitemap_urls"),
        "sitemap_analysis_status": f"CASE a.becomes WHEN '{UNFINISHED}' THEN 'pending' "
        "ELSE a.becomes END",
        "sitemap_analysis_error": "coalesce(f.sitemap_analysis_error, '')",
        "metadata": f"{object_or_empty('f.domain_metadata')} || jsonb_build_object('legacy', "
        f"{legacy_object(LEGACY, LEGACY_JSON, 'f.extra', 'f.odd')})",
        "latest_batch_id": "rb.uuid",
        "last_scanned_at": "f.last_scan",
        "created_at": CREATED,
        "updated_at": f"coalesce(f.updated_at, {CREATED})",
    },
    source=SOURCE,
    settled=("id", "tenant_id", "host", "created_at"),
    chosen=("best_email", "best_phone"),
)


def plan(context: Context) -> None:
    """Convert the domains; map each host and each id to its domain."""
    read_terms(context, "domain", "SELECT DISTINCT coalesce(status, '') FROM old_domains")
    read_terms(
        context, "sitemap", "SELECT DISTINCT coalesce(sitemap_analysis_status, '') FROM old_domains"
    )
    read_terms(
        context,
        "domain_curation",
        "SELECT DISTINCT coalesce(sitemap_curation_status, '') FROM old_domains",
    )
    load(context, KEYS, FACTS)
    hosts.settle(context, "row_domain")
    if not context.verifying:
        there = "t.tenant_id = r.tenant AND t.host = r.host"
        merge(context, "row_domain", DOMAINS.model, there=there, same="tenant, host")
        id_map.settle(context, "domain", "row_domain", context.table(DOMAINS.model))
        follow(context, "row_domain")
        id_map.write(context, "domain", "row_domain")
        _note(context)
    _resolve(context)
    context.create("twin", TWINS)
    context.create("newest_domain", NEWEST)


def _note(context: Context) -> None:
    rows = "SELECT 'domain', NULL::bigint, own, {} FROM row_domain WHERE {}"
    context.note(
        "domain merged", rows.format("name || ' is ' || host || ' ' || uuid", "how = 'merged'")
    )
    context.note(
        "domain already existed",
        rows.format("host || ' keeps the facts it has here'", "how = 'existing'"),
    )
    context.note(
        "name cannot be scanned", rows.format("name || ': ' || refused", "refused IS NOT NULL")
    )


def _resolve(context: Context) -> None:
    """Map every legacy id, including those of earlier runs, to its domain."""
    own = f"CASE WHEN original IS NULL THEN uuid ELSE {sql_embedded_uuid('original')} END"
    context.create(
        "ref_domain",
        "SELECT DISTINCT ON (own) own, uuid, run_of FROM ("
        f"SELECT {own} AS own, uuid, how, {id_map.sql_run_of('m')} AS run_of FROM {context.map} m "
        "WHERE kind = 'domain'"
        ") AS x WHERE own IS NOT NULL ORDER BY own, run_of, how = 'collision'",
    )


def make(context: Context) -> None:
    insert_and_compare(context, DOMAINS)
