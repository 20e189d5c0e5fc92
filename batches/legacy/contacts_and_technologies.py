"""Convert the contacts and technologies stored in columns of domains.

They had no ids of their own, so each id is derived from the domain and the value. Such an id also
marks the row as created by a conversion.
"""

from batches.legacy.context import Context
from batches.legacy.ids import sql_finding_id
from batches.legacy.target import Rows, insert_and_compare
from batches.legacy.vocabulary import SOCIAL_LABELS

METHOD = "legacy_import"
EVIDENCE = "legacy import"
SCANNED_AT = "coalesce(o.last_scan, o.updated_at, o.created_at, '1970-01-01 00:00Z')"
MEMBERS = "row_domain r JOIN old_domains o ON o.id = r.own"
FLAGS = """
SELECT 'WordPress', 'cms', o.wordpress_version WHERE o.is_wordpress
UNION ALL SELECT 'Elementor', 'page builder', o.elementor_version WHERE o.has_elementor"""
# `["nginx", {"name": "PHP", "version": "8"}]`
LISTED = """
SELECT CASE jsonb_typeof(e) WHEN 'string' THEN e #>> '{}' ELSE e ->> 'name' END,
    e ->> 'category', e ->> 'version'
FROM jsonb_array_elements(
    CASE WHEN jsonb_typeof(o.tech_stack) = 'array' THEN o.tech_stack ELSE '[]' END) AS e
WHERE jsonb_typeof(e) IN ('string', 'object')"""
# `{"WordPress": "6.4", "nginx": true, "cms": "Drupal", "cdn": ["Fastly"], "PHP": {...}}`
KEYED = """
SELECT y.* FROM jsonb_each(
    CASE WHEN jsonb_typeof(o.tech_stack) = 'object' THEN o.tech_stack ELSE '{}' END
) AS e (key, value), LATERAL (
    SELECT e.key, NULL, e.value #>> '{}' WHERE e.value = 'true' OR e.value #>> '{}' ~ '^v?[0-9]'
    UNION ALL SELECT e.value #>> '{}', e.key, NULL
    WHERE jsonb_typeof(e.value) = 'string' AND e.value #>> '{}' !~ '^v?[0-9]'
    UNION ALL SELECT coalesce(e.value ->> 'name', e.key), NULL, e.value ->> 'version'
    WHERE jsonb_typeof(e.value) = 'object'
    UNION ALL SELECT listed.item, e.key, NULL FROM jsonb_array_elements_text(
        CASE WHEN jsonb_typeof(e.value) = 'array' THEN e.value ELSE '[]' END) AS listed (item)
) AS y"""
TECHNOLOGIES = f"""
SELECT r.uuid, r.tenant, r.run_of, btrim(x.name) AS name, bool_or(r.how <> 'existing') AS own,
    min(left(btrim(x.category), 64)) AS category,
    max(CASE WHEN btrim(x.version) ~ '^v?[0-9]' THEN left(btrim(x.version), 64) END) AS version,
    max({SCANNED_AT}) AS seen
FROM {MEMBERS}, LATERAL (
    {FLAGS} UNION ALL {LISTED} UNION ALL {KEYED}
) AS x (name, category, version)
WHERE (o.is_wordpress OR o.has_elementor OR o.tech_stack IS NOT NULL)
    AND length(btrim(x.name)) BETWEEN 1 AND 100
GROUP BY 1, 2, 3, 4"""
CONTACTS = f"""
SELECT r.uuid, r.tenant, r.run_of, x.kind, x.value, min(x.label) AS label, max({SCANNED_AT}) AS seen
FROM {MEMBERS}, LATERAL (
    SELECT 'email', lower(btrim(e)), '' FROM unnest(o.email_addresses) AS e
    UNION ALL SELECT 'phone', btrim(e), '' FROM unnest(o.phone_numbers) AS e
    UNION ALL SELECT 'social', btrim(e.url), e.label FROM (VALUES
        {", ".join(f"(o.{column}, '{label}')" for column, label in SOCIAL_LABELS.items())}
    ) AS e (url, label)
) AS x (kind, value, label)
WHERE length(x.value) BETWEEN 1 AND 500
GROUP BY 1, 2, 3, 4, 5"""
# Skipped if the older table of contacts has it too, with more detail.
LISTED_CONTACTS = """
DELETE FROM found_contact f USING row_contact c
WHERE f.kind = 'email' AND c.domain = f.uuid AND c.email = f.value"""
_SEEN_COLUMNS = {
    "first_seen": "f.seen",
    "last_seen": "f.seen",
    "gone_at": "NULL::timestamptz",
}
CONTACT_ID = sql_finding_id("'contact'", "f.uuid", "f.kind", "f.value")
TECHNOLOGY_ID = sql_finding_id("'technology'", "f.uuid", "f.name")
CONTACT_ROWS = Rows(
    model="scans.Contact",
    columns={
        "id": CONTACT_ID,
        "tenant_id": "f.tenant",
        "domain_id": "f.uuid",
        **_SEEN_COLUMNS,
        "kind": "f.kind",
        "value": "f.value",
        "label": "f.label",
        "page_url": "''",
        "snippet": f"'{EVIDENCE}'",
        "method": f"'{METHOD}'",
        "confidence": "0.5",
    },
    source="found_contact f",
    settled=("id", "domain_id", "kind", "value"),
    touched="last_seen",
    kind="of domains",
)
# Recounted within minutes (`scans.technology_counts`).
COUNTS = "scans_technologycount"
TECHNOLOGY_ROWS = Rows(
    model="scans.Technology",
    columns={
        "id": TECHNOLOGY_ID,
        "tenant_id": "f.tenant",
        "domain_id": "f.uuid",
        **_SEEN_COLUMNS,
        "name": "f.name",
        "category": "coalesce(f.category, '')",
        "website": "''",
        "version": "coalesce(f.version, '')",
        "evidence": f"'{EVIDENCE}'",
    },
    source="found_technology f",
    settled=("id", "domain_id", "name"),
    touched="last_seen",
)


def plan(context: Context) -> None:
    """Collect new contacts and technologies from columns of domains."""
    context.create("found_contact", CONTACTS)
    context.create("found_technology", TECHNOLOGIES)
    context.create(
        "technologies_of",
        "SELECT uuid, jsonb_agg(name ORDER BY name) AS names FROM found_technology "
        "WHERE own GROUP BY 1",
    )
    _drop_existing(context, "found_contact", CONTACT_ROWS, ("kind", "value"))
    _drop_existing(context, "found_technology", TECHNOLOGY_ROWS, ("name",))
    if not context.verifying:
        context.execute(LISTED_CONTACTS)
        context.note(
            "contact is too long",
            f"SELECT 'domain', NULL::bigint, r.own, left(e, 80) FROM {MEMBERS}, "
            "unnest(o.email_addresses || o.phone_numbers) AS e WHERE length(btrim(e)) > 500",
        )


def _drop_existing(context: Context, existing: str, rows: Rows, columns: tuple[str, ...]) -> None:
    """Delete planned rows that exist already, in this system or from an earlier run.

    `columns` identify a finding within its domain.
    """
    same = " AND ".join(f"t.{column} = f.{column}" for column in columns)
    other = f"AND t.id <> {rows.columns['id']}" if context.verifying else ""
    known = f"t.domain_id = f.uuid AND {same} {other}"
    context.execute(f"DELETE FROM {existing} f USING {context.table(rows.model)} t WHERE {known}")
    if context.verifying:
        earlier = f"t.uuid = f.uuid AND {same} AND t.run_of < f.run_of"
        context.execute(f"DELETE FROM {existing} f USING {existing} t WHERE {earlier}")


def make(context: Context) -> None:
    insert_and_compare(context, CONTACT_ROWS)
    insert_and_compare(context, TECHNOLOGY_ROWS)


def forget_counts(context: Context) -> None:
    """Discard the numbers of domains by technology where technologies have been added."""
    if has_counts(context):
        context.execute(
            f"DELETE FROM {COUNTS} WHERE tenant_id IN (SELECT tenant FROM found_technology)"
        )


def has_counts(context: Context) -> bool:
    """Return whether the table of counts exists yet."""
    return context.value("SELECT to_regclass(%s)", [COUNTS]) is not None
