"""Let a batch that was reconstructed from its references become the row that arrived since.

Its id, jobs and references stay; what the row says of itself replaces what was guessed. A batch
that is at work here again keeps its status and counters.
"""

from batches.legacy import id_map
from batches.legacy.context import Context
from batches.legacy.ids import sql_kept

# By its UUID, or by any of its names; of several rows the first becomes the batch.
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
            SELECT r.ctid, r.created, r.integer, {kept} AS name
            FROM row_batch r JOIN old_batch_jobs o ON o.id = r.integer, LATERAL (VALUES
                (r.uuid::text), (r.text), (o.batch_id_original), (o.batch_id_string), (o.id_uuid)
            ) AS a (name)
        ) AS r USING (name)
        ORDER BY m.uuid, r.created NULLS LAST, r.integer
    ) AS first ORDER BY at, uuid
) AS x WHERE r.ctid = x.at"""
# The name by which it was reconstructed stays one of its names.
KEEP_NAME = """
UPDATE {map} m SET how = 'alias', made = false FROM row_batch r
WHERE r.adopted AND m.kind = 'batch' AND m.how = 'reconstructed' AND m.uuid = r.uuid
    AND coalesce(m.original, m.uuid::text) <> coalesce({kept}, r.uuid::text)"""
FORGET = """
DELETE FROM {map} m USING row_batch r
WHERE r.adopted AND m.kind = 'batch' AND m.how = 'reconstructed' AND m.uuid = r.uuid"""
# A job without a tenant is its batch's.
MOVE_JOBS = """
UPDATE {jobs} j SET tenant_id = b.tenant_id
FROM row_batch r JOIN {batches} b ON b.id = r.uuid, old_jobs o
JOIN {map} m ON m.kind = 'job' AND m.integer = o.id
WHERE r.adopted AND j.batch_id = r.uuid AND j.id = m.uuid AND j.tenant_id <> b.tenant_id
    AND btrim(concat(o.tenant_id, o.tenant_id_uuid)) = ''"""
# Columns of a batch that work in this system changes.
MOVING = frozenset(
    {"status", "total", "completed", "failed", "cancelled", "error", "finished_at", "updated_at"}
)
AT_WORK = "{table}.status IN ('pending', 'running', 'paused', 'cancelling')"


def adopt(context: Context) -> None:
    """Give rows of `row_batch` the ids of batches that earlier runs reconstructed for them."""
    context.execute("ALTER TABLE row_batch ADD adopted bool NOT NULL DEFAULT false")
    if not id_map.has_other_runs(context, "batch"):
        return
    id_map.derive(context, "row_batch")
    context.execute(ADOPT.format(map=context.map, kept=sql_kept("a.name")))


def finish(context: Context) -> None:
    """Write down that adopted batches are rows of the older system now."""
    if context.execute("UPDATE row_batch SET made = true WHERE adopted"):
        context.execute(KEEP_NAME.format(map=context.map, kept=sql_kept("r.text")))
        context.execute(FORGET.format(map=context.map))


def move_jobs(context: Context) -> None:
    """Give jobs without a tenant that of their batch, as far as it was a guess until now."""
    if id_map.has_other_runs(context, "batch"):
        tables = {"jobs": context.table("batches.Job"), "batches": context.table("batches.Batch")}
        context.execute(MOVE_JOBS.format(map=context.map, **tables))


def sql_conflict(context: Context, model: str, columns: dict[str, str]) -> str:
    """Return what an INSERT of batches does with those that are here: only adopted ones are."""
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
