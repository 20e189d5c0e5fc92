"""Handle unfinished work: recount batches, and requeue jobs on request."""

from batches.legacy import id_map
from batches.legacy.context import Context
from batches.legacy.vocabulary import IMPORTED_UNFINISHED, UNFINISHED

# Batches of earlier runs with new jobs, and reconstructed ones whose row has arrived.
RECOUNT = """
UPDATE {batches} b SET total = c.total, completed = c.completed, failed = c.failed,
    cancelled = c.cancelled, updated_at = now(), status = CASE
        WHEN b.status IN ('pending', 'running', 'paused', 'cancelling', 'cancelled') THEN b.status
        WHEN c.completed = c.total THEN 'complete' WHEN c.completed > 0 THEN 'partial'
        WHEN c.failed > 0 THEN 'failed' ELSE 'cancelled' END
FROM (
    SELECT batch_id, count(*) AS total, count(*) FILTER (WHERE status = 'complete') AS completed,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'cancelled') AS cancelled
    FROM {jobs} WHERE batch_id IN (
        SELECT p.batch FROM plan_job p JOIN {map} m ON m.uuid = p.batch
        WHERE m.kind = 'batch' AND m.how <> 'alias' AND NOT {fresh}
        UNION SELECT uuid FROM row_batch WHERE adopted)
    GROUP BY batch_id
) AS c WHERE b.id = c.batch_id
    AND (b.total, b.completed, b.failed, b.cancelled)
        IS DISTINCT FROM (c.total, c.completed, c.failed, c.cancelled)"""
# Outside batches a domain has at most one active job: the newest.
REQUEUE = f"""
UPDATE {{jobs}} j SET status = 'pending', progress = 0, failure_reason = '', error = '',
    result = NULL, started_at = NULL, finished_at = NULL, updated_at = now(),
    metadata = j.metadata || CASE WHEN j.result IS NULL THEN '{{{{}}}}'
        ELSE jsonb_build_object('result', j.result) END
FROM (
    SELECT p.uuid, row_number() OVER (
        PARTITION BY CASE WHEN p.batch IS NULL THEN p.domain ELSE p.uuid END
        ORDER BY p.created DESC NULLS LAST, p.integer DESC) AS place
    FROM plan_job p WHERE p.becomes = '{UNFINISHED}' AND p.domain IS NOT NULL
        AND (p.batch IS NOT NULL OR NOT EXISTS (SELECT FROM {{jobs}} t WHERE t.domain_id = p.domain
            AND t.batch_id IS NULL AND t.status IN ('pending', 'running')))
) AS w WHERE j.id = w.uuid AND w.place = 1"""
REOPEN = f"""
UPDATE {{batches}} b SET status = 'pending', cancelled = b.cancelled - w.waiting,
    error = CASE WHEN b.error = '{IMPORTED_UNFINISHED}' THEN '' ELSE b.error END,
    finished_at = NULL, updated_at = now()
FROM (
    SELECT j.batch_id, count(*) AS waiting FROM {{jobs}} j JOIN plan_job p ON p.uuid = j.id
    WHERE j.status = 'pending' AND p.becomes = '{UNFINISHED}' AND j.batch_id IS NOT NULL GROUP BY 1
) AS w WHERE b.id = w.batch_id"""


def recount(context: Context) -> int:
    """Recount earlier batches that have received more jobs."""
    if not id_map.has_other_runs(context, "batch"):
        return 0
    tables = {"batches": context.table("batches.Batch"), "jobs": context.table("batches.Job")}
    return context.execute(RECOUNT.format(map=context.map, fresh=context.is_fresh(), **tables))


def requeue(context: Context) -> int:
    """Requeue the unfinished jobs of this run; return how many."""
    tables = {"batches": context.table("batches.Batch"), "jobs": context.table("batches.Job")}
    waiting = context.execute(REQUEUE.format(**tables))
    context.execute(REOPEN.format(**tables))
    return waiting
