"""Replace a batch that was reconstructed from its references once its own row arrives.

Its id, jobs and references stay; the row's values replace the guesses. A batch that is running
here again keeps its status and counters.
"""

from batches.legacy import id_map
from batches.legacy.context import Context
from batches.legacy.ids import sql_stored_original

# Matches by UUID or by any other name. If several rows match, the first becomes the batch.
ADOPT = """
UPDATE row_batch r SET adopted = true, made = false, uuid = x.uuid,
    text = CASE WHEN r.uuid = x.uuid THEN r.text ELSE coalesce(r.text, r.uuid::text) END,
    how = CASE WHEN r.uuid = x.uuid THEN r.how ELSE 'derived' END
FROM (
    SELECT DISTINCT ON (at) at, uuid FROM (
        SELECT DISTINCT ON (m.uuid) m.uuid, r.ctid AS at
        FROM (
            SELECT m.uuid, a.name FROM {map} m, LATERAL (VALUES
                (coalesce(m.original, m.uuid::text)), (m.uuid::text)) AS a (name)
            WHERE m.kind = 'batch' AND m.how = 'reconstructed'
        ) AS m JOIN (
            SELECT r.ctid, r.created, r.integer, {original} AS name
            FROM row_batch r JOIN old_batch_jobs o ON o.id = r.integer, LATERAL (VALUES
                (r.uuid::text), (r.text), (o.batch_id_original), (o.batch_id_string), (o.id_uuid)
            ) AS a (name)
        ) AS r USING (name)
        ORDER BY m.uuid, r.created NULLS LAST, r.integer
    ) AS first ORDER BY at, uuid
) AS x WHERE r.ctid = x.at"""
# The name used for the reconstruction remains an alias.
KEEP_NAME = """
UPDATE {map} m SET how = 'alias', made = false FROM row_batch r
WHERE r.adopted AND m.kind = 'batch' AND m.how = 'reconstructed' AND m.uuid = r.uuid
    AND coalesce(m.original, m.uuid::text) <> coalesce({original}, r.uuid::text)"""
FORGET = """
DELETE FROM {map} m USING row_batch r
WHERE r.adopted AND m.kind = 'batch' AND m.how = 'reconstructed' AND m.uuid = r.uuid"""
# A job without a tenant belongs to the tenant of its batch.
MOVE_JOBS = """
UPDATE {jobs} j SET tenant_id = b.tenant_id
FROM row_batch r JOIN {batches} b ON b.id = r.uuid, old_jobs o
JOIN {map} m ON m.kind = 'job' AND m.integer = o.id
WHERE r.adopted AND j.batch_id = r.uuid AND j.id = m.uuid AND j.tenant_id <> b.tenant_id
    AND btrim(concat(o.tenant_id, o.tenant_id_uuid)) = ''"""
# Columns that change while this system works on a batch.
MOVING = frozenset(
    {"status", "total", "completed", "failed", "cancelled", "error", "finished_at", "updated_at"}
)
AT_WORK = "{table}.status IN ('pending', 'running', 'paused', 'cancelling')"


def adopt(context: Context) -> None:
    """Give rows of `row_batch` the ids of batches reconstructed for them by earlier runs."""
    context.execute("ALTER TABLE row_batch ADD adopted bool NOT NULL DEFAULT false")
    if not id_map.has_other_runs(context, "batch"):
        return
    id_map.derive(context, "row_batch")
    context.execute(ADOPT.format(map=context.map, original=sql_stored_original("a.name")))


def finish(context: Context) -> None:
    """Record in the id map that adopted batches now have a row in the older system."""
    if context.execute("UPDATE row_batch SET made = true WHERE adopted"):
        context.execute(KEEP_NAME.format(map=context.map, original=sql_stored_original("r.text")))
        context.execute(FORGET.format(map=context.map))


def move_jobs(context: Context) -> None:
    """Move jobs without a tenant to the tenant of their adopted batch."""
    if id_map.has_other_runs(context, "batch"):
        tables = {"jobs": context.table("batches.Job"), "batches": context.table("batches.Batch")}
        context.execute(MOVE_JOBS.format(map=context.map, **tables))


def sql_conflict(context: Context, model: str, columns: dict[str, str]) -> str:
    """Return the ON CONFLICT clause for batches; only adopted ones already exist."""
    table = context.table(model)
    at_work = AT_WORK.format(table=table)
    values = (
        f'"{name}" = CASE WHEN {at_work} THEN {table}."{name}" ELSE excluded."{name}" END'
        if name in MOVING
        else f'"{name}" = excluded."{name}"'
        for name in columns
        if name != "id"
    )
    return f"ON CONFLICT (id) DO UPDATE SET {', '.join(values)}"
