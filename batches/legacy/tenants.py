"""Convert tenants, the owners of all older rows."""

from batches.legacy import id_map
from batches.legacy.context import Context
from batches.legacy.ids import sql_embedded_uuid, sql_stored_original
from batches.legacy.rows import Keys, keep_existing, load
from batches.legacy.target import Rows, insert, insert_and_compare

DEFAULT_TENANT = "00000000-0000-0000-0000-000000000000"
OWNED = ("batch_jobs", "domains", "profiles", "sitemap_files", "sitemap_urls", "pages")
KEYS = Keys("tenant", "old_tenants o")
# Jobs have a second tenant column, used if the first is not resolved.
LOST = """
SELECT 'tenant', NULL::bigint, r.ref, CASE
    WHEN EXISTS (SELECT FROM ({owned}) AS x WHERE x.ref = r.ref) OR EXISTS (
        SELECT FROM job_facts f LEFT JOIN ref_tenant o ON o.ref = f.tenant_id_uuid
        WHERE f.tenant_id = r.ref AND o.uuid IS NULL)
    THEN 'its rows went to the default tenant'
    ELSE 'its jobs went to the tenant of their tenant_id_uuid' END
FROM ref_tenant r WHERE r.lost"""
FACTS = {"name": "o.name", "listed": "true"}
TENANTS = Rows(
    model="tenants.Tenant",
    columns={
        "id": "r.uuid",
        "name": "left(coalesce(nullif(btrim(r.name), ''), 'Tenant ' || r.uuid), 200)",
        "auto_submit_sitemaps": "false",
        "created_at": "CASE WHEN r.how = 'reconstructed' THEN '1970-01-01 00:00Z' "
        "ELSE coalesce(r.created, '1970-01-01 00:00Z') END",
    },
    source="row_tenant r WHERE r.made",
    settled=("id", "created_at"),
    touched="",
)
DEFAULT = Rows(
    model="tenants.Tenant",
    columns={
        "id": f"'{DEFAULT_TENANT}'::uuid",
        "name": "'Default'",
        "auto_submit_sitemaps": "false",
        "created_at": "now()",
    },
    source="(SELECT 1) AS one",
    conflict="ON CONFLICT DO NOTHING",
)


def plan(context: Context) -> None:
    """Plan the tenants, including those only referred to, and resolve every reference."""
    context.create(
        "tenant_text", f"SELECT ref, {sql_embedded_uuid('ref')} AS embedded FROM ({_texts()}) AS x"
    )
    load(context, KEYS, FACTS)
    if context.verifying:
        _add_missing_of_map(context)
    else:
        insert(context, DEFAULT)
        _name(context)
        keep_existing(context, "row_tenant", TENANTS.model)
        id_map.settle(context, "tenant", "row_tenant", context.table(TENANTS.model))
        _add_missing(context)
        id_map.write(context, "tenant", "row_tenant")
    _resolve(context)


def _name(context: Context) -> None:
    """Rename reconstructed tenants whose row has arrived since."""
    context.execute(
        f"UPDATE {context.table(TENANTS.model)} t SET name = left(btrim(o.name), 200) "
        f"FROM old_tenants o JOIN {context.map} m ON m.uuid = o.id_u "
        "WHERE m.kind = 'tenant' AND m.how = 'reconstructed' AND t.id = m.uuid "
        "AND t.name = 'Tenant ' || t.id AND btrim(o.name) <> ''"
    )


def _texts() -> str:
    """Return the query of all references to a tenant."""
    parts = [f"SELECT tenant_id AS ref FROM old_{table}" for table in OWNED]
    parts += ["SELECT tenant_id FROM job_facts", "SELECT tenant_id_uuid FROM job_facts"]
    sources = " UNION ".join(parts)
    return f"SELECT DISTINCT ref FROM ({sources}) AS y WHERE btrim(ref) <> ''"


def _add_missing(context: Context) -> None:
    """Add a row for each tenant that is referred to but does not exist."""
    context.execute(
        "INSERT INTO row_tenant (uuid, how, made, run_of) "
        f"SELECT DISTINCT embedded, 'reconstructed', true, '{context.stamp}' FROM tenant_text x "
        "WHERE embedded IS NOT NULL AND NOT EXISTS ("
        "SELECT FROM row_tenant r WHERE r.uuid = x.embedded OR r.text = x.ref) "
        f"AND NOT EXISTS (SELECT FROM {context.table(TENANTS.model)} t WHERE t.id = x.embedded)"
    )
    context.note(
        "tenant reconstructed",
        "SELECT 'tenant', NULL::bigint, uuid::text, 'referred to but has no row' "
        "FROM row_tenant WHERE how = 'reconstructed'",
    )


def _add_missing_of_map(context: Context) -> None:
    context.execute(
        "INSERT INTO row_tenant (uuid, how, made, run_of) "
        f"SELECT uuid, how, made, {id_map.sql_run_of('m')} "
        f"FROM {context.map} m WHERE kind = 'tenant' AND how = 'reconstructed' "
        "AND uuid NOT IN (SELECT uuid FROM row_tenant)"
    )


def _resolve(context: Context) -> None:
    """Resolve each text to a tenant: by name, by the UUID in it, else the default tenant."""
    context.create(
        "ref_tenant",
        "SELECT DISTINCT ON (x.ref) x.ref, "
        f"coalesce(m.uuid, x.embedded, '{DEFAULT_TENANT}') AS uuid, "
        "m.uuid IS NULL AND x.embedded IS NULL AS lost FROM tenant_text x "
        f"LEFT JOIN {context.map} m ON m.kind = 'tenant' "
        f"AND coalesce(m.original, m.uuid::text) = {sql_stored_original('x.ref')} "
        "ORDER BY x.ref, m.id",
    )
    owned = " UNION ".join(f"SELECT tenant_id AS ref FROM old_{table}" for table in OWNED)
    context.note("tenant is not a UUID", LOST.format(owned=owned))


def make(context: Context) -> None:
    insert_and_compare(context, TENANTS)
