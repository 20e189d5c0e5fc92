"""Convert batches: their ids, counters and statuses."""

from dataclasses import replace

from batches.legacy import adoption, id_map, users
from batches.legacy.context import ONCE, Context
from batches.legacy.ids import sql_embedded_uuid, sql_stored_original
from batches.legacy.json_sql import legacy_object, no_object, object_or_empty
from batches.legacy.options import sql_options
from batches.legacy.rows import Keys, join_term, load, read_terms
from batches.legacy.target import HIGH, LOW, Rows, insert_and_compare
from batches.legacy.tenants import DEFAULT_TENANT
from batches.legacy.vocabulary import IMPORTED_UNFINISHED, UNFINISHED

HAS_ID = "coalesce(btrim(o.batch_id), '') <> ''"
SECOND = (
    "CASE WHEN btrim(o.batch_id_original) <> '' THEN o.batch_id_original "
    "WHEN btrim(o.batch_id_string) <> '' THEN o.batch_id_string END"
)
KEYS = Keys(
    "batch",
    f"(SELECT * FROM old_batch_jobs {ONCE}) o",
    text=f"CASE WHEN {HAS_ID} THEN o.batch_id ELSE {SECOND} END",
    embedded=f"CASE WHEN {HAS_ID} THEN o.batch_id_u ELSE {sql_embedded_uuid(SECOND)} END",
    integer="o.id",
    names=("o.batch_id_original", "o.batch_id_string"),
)
NAMES = """
SELECT DISTINCT ON (name) name, uuid FROM (
    SELECT {original} AS name, r.uuid, a.place, o.created_at AS created, r.integer
    FROM {rows}, LATERAL (VALUES
        (0, o.batch_id), (1, o.batch_id_original), (2, o.batch_id_string), (3, o.id_uuid)
    ) AS a (place, text)
    WHERE btrim(a.text) <> '' AND a.text <> r.uuid::text
) AS x ORDER BY name, place, created NULLS LAST, integer"""
# Reads a table because the planner would expect three rows from the query and join in a loop.
ALIASES = """
SELECT 'batch', name, NULL::bigint, uuid, 'alias', false FROM name_of_batch n WHERE NOT EXISTS (
    SELECT FROM {map} m WHERE m.kind = 'batch' AND coalesce(m.original, m.uuid::text) = n.name
)"""
NEW_ROWS = "row_batch r JOIN old_batch_jobs o ON o.id = r.integer"
# Includes rows of earlier runs: the script that converts ids to UUIDs may have renamed them.
KNOWN_ROWS = "old_batch_jobs o JOIN {map} r ON r.kind = 'batch' AND {is_same}"
# The batch's own statuses of its domains, used only if it has no jobs.
OWN_COUNTS = """
SELECT r.uuid, coalesce(CASE jsonb_typeof(e.value) WHEN 'string' THEN e.value #>> '{}'
    WHEN 'object' THEN coalesce(e.value ->> 'status', CASE WHEN e.value ->> 'error' <> ''
        THEN 'failed' ELSE 'completed' END) END, '') AS status
FROM row_batch r JOIN old_batch_jobs o ON o.id = r.integer, LATERAL (
    SELECT value FROM jsonb_each(CASE
        WHEN jsonb_typeof(o.batch_metadata -> 'domain_statuses') = 'object'
        THEN o.batch_metadata -> 'domain_statuses'
        WHEN jsonb_typeof(o.batch_metadata -> 'domain_results') = 'object'
        THEN o.batch_metadata -> 'domain_results' ELSE '{}' END)
    UNION ALL
    SELECT value FROM jsonb_array_elements(CASE
        WHEN jsonb_typeof(o.batch_metadata -> 'domain_statuses') IS DISTINCT FROM 'object'
            AND jsonb_typeof(o.batch_metadata -> 'domain_results') = 'array'
        THEN o.batch_metadata -> 'domain_results' ELSE '[]' END)
) AS e WHERE o.batch_metadata ?| ARRAY['domain_statuses', 'domain_results']"""
OWN_COUNTS_ALONE = f"""
(SELECT l.uuid, NULL::timestamptz AS created, w.becomes
 FROM own_status l {join_term("job", "l.status", "w")}
 WHERE NOT EXISTS (SELECT FROM counted c WHERE c.batch = l.uuid)) AS x"""
FIGURES = ("total", "completed", "failed", "cancelled", "unfinished")
COUNTED = """
SELECT {batch} AS batch, count(*) AS total, min(created) AS created,
    count(*) FILTER (WHERE becomes = 'complete') AS completed,
    count(*) FILTER (WHERE becomes = 'failed') AS failed,
    count(*) FILTER (WHERE becomes IN ('cancelled', 'unfinished')) AS cancelled,
    count(*) FILTER (WHERE becomes = 'unfinished') AS unfinished
FROM {table} {where} GROUP BY 1"""
# If the status contradicts the jobs, trust the jobs.
OUTCOME = f"""CASE
    WHEN s.becomes = 'cancelled' THEN 'cancelled'
    WHEN s.becomes = '{UNFINISHED}' AND (p.total = 0 OR p.unfinished > 0) THEN 'cancelled'
    WHEN p.total = 0 THEN s.becomes
    WHEN p.completed = p.total THEN 'complete'
    WHEN p.completed > 0 THEN 'partial'
    WHEN p.failed > 0 OR NOT s.known THEN 'failed'
    ELSE 'cancelled' END"""
ERROR = f"""CASE
    WHEN NOT s.known THEN 'The older system called this batch “' || coalesce(o.status, '') ||
        '”, which is unknown here.' || coalesce(' ' || o.error, '')
    WHEN s.becomes = '{UNFINISHED}' AND (p.total = 0 OR p.unfinished > 0)
    THEN '{IMPORTED_UNFINISHED}' || coalesce(': ' || nullif(o.error, ''), '')
    ELSE coalesce(o.error, '') END"""
CREATED = "coalesce(o.created_at, o.start_time, o.end_time, o.updated_at, '1970-01-01 00:00Z')"
LEGACY = {
    "status": "o.status",
    "processor_type": "CASE WHEN o.processor_type <> t.becomes THEN o.processor_type END",
    "total_domains": "o.total_domains",
    "completed_domains": "o.completed_domains",
    "failed_domains": "o.failed_domains",
    "progress": "o.progress",
    "processing_time": "o.processing_time",
    "created_by": "CASE WHEN ru.uuid IS NULL THEN o.created_by END",
    "tenant_id": "CASE WHEN rt.lost THEN o.tenant_id END",
    "id_uuid": "nullif(o.id_uuid, p.uuid::text)",
}
LEGACY_JSON = {
    "batch_metadata": no_object("o.batch_metadata"),
    "options": "CASE WHEN o.options NOT IN ('{}', 'null') THEN o.options END",
}
ENDED = f"coalesce(o.end_time, o.updated_at, o.start_time, {CREATED})"
BATCHES = Rows(
    model="batches.Batch",
    columns={
        "id": "p.uuid",
        "tenant_id": f"coalesce(rt.uuid, '{DEFAULT_TENANT}')",
        "created_by_id": "ru.uuid",
        "name": "''",
        "processor_type": "t.becomes",
        "status": OUTCOME,
        "total": "p.total",
        "completed": "p.completed",
        "failed": "p.failed",
        "cancelled": "p.cancelled",
        "options": sql_options("o.options"),
        "metadata": f"{object_or_empty('o.batch_metadata')} || jsonb_build_object('legacy', "
        f"{legacy_object(LEGACY, LEGACY_JSON, 'o.extra', 'o.odd')})",
        "error": ERROR,
        "created_at": CREATED,
        "updated_at": f"coalesce(o.updated_at, {CREATED})",
        "started_at": "o.start_time",
        "finished_at": ENDED,
        "legacy_batch_id": sql_stored_original(
            f"coalesce({SECOND}, CASE WHEN {HAS_ID} THEN o.batch_id END)"
        ),
        "legacy_id": "o.id",
    },
    source=f"""
plan_batch p JOIN (
    SELECT * FROM old_batch_jobs WHERE id BETWEEN {LOW} AND {HIGH} {ONCE}
) AS o ON o.id = p.integer
{join_term("batch", "o.status", "s")} {join_term("processor_type", "o.processor_type", "t")}
LEFT JOIN ref_tenant rt ON rt.ref = o.tenant_id {users.SQL_JOIN}
WHERE p.integer BETWEEN {LOW} AND {HIGH}""",
    bounded="legacy_id",
    settled=("id", "tenant_id", "processor_type", "created_at", "legacy_batch_id", "legacy_id"),
)


def plan_ids(context: Context) -> None:
    """Assign ids to the batches and record all their names in the id map."""
    load(context, KEYS, {})
    if context.verifying:
        return
    adoption.adopt(context)
    id_map.settle(context, "batch", "row_batch", context.table(BATCHES.model))
    adoption.finish(context)
    id_map.write(context, "batch", "row_batch")
    rows = NEW_ROWS
    if id_map.has_other_runs(context, "batch"):
        is_same = id_map.sql_same("r", KEYS.text, KEYS.embedded, KEYS.integer, KEYS.names)
        rows = KNOWN_ROWS.format(map=context.map, is_same=is_same)
    context.create("name_of_batch", NAMES.format(original=sql_stored_original("a.text"), rows=rows))
    context.write_map(ALIASES.format(map=context.map))
    context.clear("name_of_batch")
    context.note(
        "id of two batches",
        "SELECT 'batch', integer, stored, 'became ' || uuid FROM row_batch WHERE how = 'collision'",
    )


def read_statuses(context: Context) -> None:
    """Translate the statuses of batches, and collect those they list for domains."""
    for vocabulary, column in (("batch", "status"), ("processor_type", "processor_type")):
        read_terms(
            context, vocabulary, f"SELECT DISTINCT coalesce({column}, '') FROM old_batch_jobs"
        )
    context.create("own_status", OWN_COUNTS)


def plan(context: Context) -> None:
    """Count the jobs of each batch; without jobs, use the batch's own counts."""
    of_jobs = COUNTED.format(batch="batch", table="plan_job", where="WHERE batch IS NOT NULL")
    context.create("counted", of_jobs)
    context.create("counted_told", COUNTED.format(batch="uuid", table=OWN_COUNTS_ALONE, where=""))
    figures = ", ".join(f"coalesce(c.{name}, l.{name}, 0) AS {name}" for name in FIGURES)
    context.create(
        "plan_batch",
        f"SELECT r.integer, r.uuid, r.run_of, {figures} FROM row_batch r "
        "LEFT JOIN counted c ON c.batch = r.uuid LEFT JOIN counted_told l ON l.batch = r.uuid",
    )
    context.execute("CREATE INDEX ON plan_batch (integer)")


def make(context: Context) -> None:
    conflict = adoption.sql_conflict(context, BATCHES.model, BATCHES.columns)
    insert_and_compare(context, replace(BATCHES, conflict=conflict), "plan_batch")
