"""Resolve every batch reference: by the names of the batches, then by the UUID in the text."""

from batches.legacy import id_map
from batches.legacy.batches import FIGURES
from batches.legacy.context import Context
from batches.legacy.ids import sql_embedded_uuid, sql_stored_original
from batches.legacy.jobs import TENANT, TENANT_JOINS
from batches.legacy.target import Rows, insert_and_compare
from batches.legacy.tenants import DEFAULT_TENANT

REFERENCES = """
SELECT ref, {embedded} AS embedded FROM (
    SELECT batch_ref AS ref FROM row_job WHERE batch_ref IS NOT NULL
    UNION SELECT batch_id FROM old_domains WHERE btrim(batch_id) <> ''
) AS x"""
# By the exact text: a batch's id, then its other names, then its integer. An earlier run's
# resolution of a text holds for later runs.
NAMED = """
SELECT r.ref, r.embedded, right(min(n.place || n.id || n.uuid::text), 36)::uuid AS uuid,
    min(n.place) IS NOT NULL AS named
FROM reference r LEFT JOIN (
    SELECT coalesce(original, uuid::text) AS name, id, uuid, left(id::text, 18) ||
        CASE how WHEN 'collision' THEN 1 WHEN 'alias' THEN 2 ELSE 0 END AS place
    FROM {map} WHERE kind = 'batch'
    UNION ALL SELECT integer::text, id, uuid, left(id::text, 18) || 3
    FROM {map} WHERE kind = 'batch' AND integer IS NOT NULL
) AS n ON n.name = {original} GROUP BY r.ref, r.embedded"""
BY_UUID = """
UPDATE ref_batch r SET uuid = m.uuid FROM {map} m
WHERE r.uuid IS NULL AND r.embedded = m.uuid AND m.kind = 'batch' AND m.how <> 'alias'"""
BY_UUID_OF_NAME = """
UPDATE ref_batch r SET uuid = n.uuid FROM (
    SELECT DISTINCT ON (embedded) embedded, uuid FROM (
        SELECT {embedded} AS embedded, uuid, id FROM {map}
        WHERE kind = 'batch' AND how IN ('alias', 'collision') AND original IS NOT NULL
    ) AS x WHERE embedded IS NOT NULL ORDER BY embedded, id
) AS n WHERE r.uuid IS NULL AND r.embedded = n.embedded"""
LOST = """
SELECT DISTINCT ON (coalesce(embedded::text, ref)) NULL::bigint AS integer,
    CASE WHEN ref = embedded::text THEN NULL ELSE ref END AS text, NULL::text AS stored,
    embedded AS uuid, 'reconstructed' AS how, true AS made, NULL::timestamptz AS created,
    '{stamp}' AS run_of, coalesce(embedded::text, ref) AS own
FROM ref_batch WHERE uuid IS NULL ORDER BY coalesce(embedded::text, ref), ref"""
RESOLVE = "UPDATE ref_batch r SET uuid = l.uuid FROM row_lost l WHERE r.uuid IS NULL AND l.own = "
# Record what was resolved by UUID, so that later runs resolve it alike.
OTHER_NAMES = """
SELECT 'batch', {original}, NULL::bigint, r.uuid, 'alias', false
FROM ref_batch r LEFT JOIN row_lost l ON l.uuid = r.uuid
    AND r.ref = coalesce(l.stored, l.text, l.uuid::text)
WHERE NOT r.named AND l.uuid IS NULL"""
OF_MAP = """
SELECT uuid, original AS text, {run_of} AS run_of FROM {map} m
WHERE kind = 'batch' AND integer IS NULL AND how <> 'alias'"""
# Dated by the references of the run that reconstructed it; later jobs are counted, too.
PLAN = f"""
SELECT l.uuid, {{original}} AS original, {{figures}}, coalesce(c.created, d.created) AS created,
    coalesce(j.tenant, d.tenant) AS tenant
FROM row_lost l LEFT JOIN counted c ON c.batch = l.uuid
LEFT JOIN (
    SELECT x.uuid, (array_agg({TENANT} ORDER BY p.integer))[1] AS tenant
    FROM row_lost x JOIN plan_job p ON p.batch = x.uuid AND p.run_of = x.run_of
    JOIN old_jobs o ON o.id = p.integer {TENANT_JOINS} GROUP BY 1
) AS j ON j.uuid = l.uuid
LEFT JOIN (
    SELECT x.uuid, min(r.created) AS created,
        (array_agg(r.tenant ORDER BY r.created, r.own))[1] AS tenant
    FROM row_lost x JOIN ref_batch rb ON rb.uuid = x.uuid JOIN old_domains o ON o.batch_id = rb.ref
    JOIN row_domain r ON r.own = o.id AND r.run_of = x.run_of GROUP BY 1
) AS d ON d.uuid = l.uuid"""
RECONSTRUCTED = Rows(
    model="batches.Batch",
    columns={
        "id": "l.uuid",
        "tenant_id": f"coalesce(l.tenant, '{DEFAULT_TENANT}')",
        "name": "''",
        "processor_type": "'domain_scan'",
        "status": "CASE WHEN l.total = 0 OR l.unfinished > 0 THEN 'cancelled' "
        "WHEN l.completed = l.total THEN 'complete' WHEN l.completed > 0 THEN 'partial' "
        "WHEN l.failed > 0 THEN 'failed' ELSE 'cancelled' END",
        "total": "l.total",
        "completed": "l.completed",
        "failed": "l.failed",
        "cancelled": "l.cancelled",
        "options": "'{}'::jsonb",
        "metadata": """'{"legacy": {"reconstructed": true}}'::jsonb""",
        "error": "''",
        "created_at": "coalesce(l.created, '1970-01-01 00:00Z')",
        "updated_at": "coalesce(l.created, '1970-01-01 00:00Z')",
        "started_at": "l.created",
        "finished_at": "coalesce(l.created, '1970-01-01 00:00Z')",
        "legacy_batch_id": "l.original",
    },
    source="plan_lost l",
    settled=("id", "legacy_batch_id"),
    kind="reconstructed",
)


def resolve(context: Context) -> None:
    """Create `ref_batch`: every reference and its batch, reconstructed if it has no row."""
    context.create("reference", REFERENCES.format(embedded=sql_embedded_uuid("ref")))
    context.create(
        "ref_batch", NAMED.format(map=context.map, original=sql_stored_original("r.ref"))
    )
    if _open(context):
        context.execute(BY_UUID.format(map=context.map))
    if _open(context):
        context.execute(
            BY_UUID_OF_NAME.format(map=context.map, embedded=sql_embedded_uuid("original"))
        )
    if not context.verifying:
        _reconstruct(context)


def _open(context: Context) -> int:
    unresolved: int = context.value("SELECT count(*) FROM ref_batch WHERE uuid IS NULL")
    return unresolved


def _reconstruct(context: Context) -> None:
    """Assign an id to each batch that is referred to but has no row."""
    context.create("row_lost", LOST.format(stamp=context.stamp))
    id_map.settle(context, "batch", "row_lost", context.table("batches.Batch"))
    id_map.write(context, "batch", "row_lost")
    context.execute(f"{RESOLVE} coalesce(r.embedded::text, r.ref)")
    context.write_map(OTHER_NAMES.format(original=sql_stored_original("r.ref")))
    context.note(
        "batch reconstructed",
        "SELECT 'batch', NULL::bigint, coalesce(stored, text, uuid::text), "
        "'referred to but has no row: ' || uuid FROM row_lost",
    )


def plan(context: Context) -> None:
    """Count the jobs of the reconstructed batches."""
    if context.verifying:
        context.create("row_lost", OF_MAP.format(map=context.map, run_of=id_map.sql_run_of("m")))
    original = sql_stored_original("coalesce(l.stored, l.text, l.uuid::text)")
    if context.verifying:
        original = "coalesce(l.text, l.uuid::text)"
    figures = ", ".join(f"coalesce(c.{name}, 0) AS {name}" for name in FIGURES)
    context.create("plan_lost", PLAN.format(original=original, figures=figures))


def make(context: Context) -> None:
    insert_and_compare(context, RECONSTRUCTED)
