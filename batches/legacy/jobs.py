"""Convert jobs: their ids, batch, domain and status."""

from batches.legacy import id_map, users
from batches.legacy.context import ONCE, Context
from batches.legacy.json_sql import EMPTY, any_of, legacy_object, no_object, object_or_empty
from batches.legacy.rows import Keys, join_term, load, read_terms
from batches.legacy.target import HIGH, LOW, Rows, insert_and_compare
from batches.legacy.tenants import DEFAULT_TENANT
from batches.legacy.vocabulary import IMPORTED_UNFINISHED, UNFINISHED

KEYS = Keys(
    "job",
    f"(SELECT * FROM old_jobs {ONCE}) o",
    text="o.job_id",
    embedded="o.job_id_u",
    integer="o.id",
)
FACTS = {
    "batch_ref": "CASE WHEN btrim(o.batch_id) <> '' THEN o.batch_id "
    "WHEN btrim(o.batch_id_string) <> '' THEN o.batch_id_string END",
    "domain_own": "o.domain_id_u",
    "status": "coalesce(o.status, '')",
    "tenantless": "btrim(concat(o.tenant_id, o.tenant_id_uuid)) = ''",
}
# Few distinct values among millions of jobs.
JOB_FACTS = "SELECT DISTINCT tenant_id, tenant_id_uuid, created_by, status, job_type FROM old_jobs"
TENANT = "CASE WHEN rt.lost THEN coalesce(ru2.uuid, rt.uuid) ELSE coalesce(rt.uuid, ru2.uuid) END"
TENANT_JOINS = (
    "LEFT JOIN ref_tenant rt ON rt.ref = o.tenant_id "
    "LEFT JOIN ref_tenant ru2 ON ru2.ref = o.tenant_id_uuid"
)
PLAN = f"""
SELECT r.integer, r.uuid, r.created, r.run_of, r.tenantless, rb.uuid AS batch, rd.uuid AS domain,
    NULL::uuid AS doubled, s.becomes
FROM row_job r {join_term("job", "r.status", "s")}
LEFT JOIN ref_batch rb ON rb.ref = r.batch_ref
LEFT JOIN ref_domain rd ON rd.own = r.domain_own AND rd.run_of <= r.run_of"""
# A batch has one job per domain: the newest.
DOUBLED = """
UPDATE plan_job p SET doubled = p.domain, domain = NULL FROM (
    SELECT x.integer, x.uuid, row_number() OVER (PARTITION BY x.batch, x.domain
        ORDER BY x.run_of, x.created DESC NULLS LAST, x.integer DESC) AS place
    FROM plan_job x JOIN (
        SELECT batch, domain FROM plan_job WHERE batch IS NOT NULL AND domain IS NOT NULL
        GROUP BY 1, 2 HAVING count(*) > 1
    ) AS y USING (batch, domain)
) AS later WHERE p.uuid = later.uuid AND later.place > 1"""
# An existing job keeps its domain.
TAKEN = """
UPDATE plan_job p SET doubled = p.domain, domain = NULL
FROM {jobs} t WHERE t.batch_id = p.batch AND t.domain_id = p.domain AND t.id <> p.uuid
    AND p.run_of > (SELECT min({run_of}) FROM {map} m WHERE m.kind = 'job')"""
# Jobs of earlier runs whose domain was converted later.
MATCHES = """
UPDATE {jobs} j SET domain_id = x.domain, host = x.host, updated_at = now() FROM (
    SELECT DISTINCT ON (t.batch_id, d.uuid, CASE WHEN t.batch_id IS NULL THEN t.id END)
        t.id, d.uuid AS domain, {host_key} AS host
    FROM row_domain d JOIN old_jobs o ON o.domain_id = d.own
    JOIN {map} m ON m.kind = 'job' AND m.integer = o.id JOIN {jobs} t ON t.id = m.uuid
    WHERE t.domain_id IS NULL AND t.metadata #>> '{{legacy,domain_id}}' = o.domain_id
        AND NOT t.metadata -> 'legacy' ? 'domain' AND NOT {fresh} AND NOT EXISTS (
            SELECT FROM {jobs} k WHERE k.batch_id = t.batch_id AND k.domain_id = d.uuid)
    ORDER BY t.batch_id, d.uuid, CASE WHEN t.batch_id IS NULL THEN t.id END, t.created_at DESC
) AS x WHERE j.id = x.id"""
# The same rule as `batches.models.job.host_key`.
HOST_KEY = "regexp_replace(regexp_replace(lower(d.host), ':[0-9]+$', ''), '^www\\.', '')"
RESULT = "coalesce(o.result, o.result_data)"
ERROR = f"""CASE
    WHEN p.becomes = '{UNFINISHED}' THEN '{IMPORTED_UNFINISHED}'
    WHEN NOT s.known THEN 'The older system called this job “' || coalesce(o.status, '') ||
        '”, which is unknown here.' || coalesce(' ' || nullif(o.error, ''), '')
    WHEN p.becomes = 'failed' THEN
        coalesce(nullif(o.error, ''), 'The older system named no cause.')
    ELSE coalesce(o.error, '') END"""
CREATED = "coalesce(o.created_at, o.started_at, o.completed_at, o.updated_at, '1970-01-01 00:00Z')"
LEGACY = {
    "status": f"CASE WHEN p.becomes = '{UNFINISHED}' OR NOT s.known OR lower(o.status) NOT IN "
    "('complete', 'completed', 'failed', 'error', 'cancelled') THEN o.status END",
    "job_type": "CASE WHEN NOT t.known THEN o.job_type END",
    "progress": "CASE WHEN o.progress BETWEEN 0 AND 1 THEN NULL ELSE o.progress END",
    "error": f"CASE WHEN p.becomes = '{UNFINISHED}' THEN nullif(o.error, '') END",
    "created_by": "CASE WHEN ru.uuid IS NULL THEN o.created_by END",
    "tenant_id": "CASE WHEN rt.lost THEN o.tenant_id END",
    "domain_id": "CASE WHEN p.domain IS NULL THEN o.domain_id END",
    "domain": "hd.host",
    "id_uuid": "nullif(o.id_uuid, p.uuid::text)",
    "batch_id_string": "CASE WHEN o.batch_id_string <> o.batch_id THEN o.batch_id_string END",
}
LEGACY_JSON = {
    "metadata": no_object("o.metadata"),
    "job_metadata": no_object("o.job_metadata"),
    "result_data": "CASE WHEN o.result <> o.result_data THEN o.result_data END",
}
WORTH = any_of({**LEGACY, **LEGACY_JSON, "extra": "o.extra", "odd": "o.odd"})
ENDED = f"coalesce(o.completed_at, o.updated_at, o.started_at, {CREATED})"
JOBS = Rows(
    model="batches.Job",
    columns={
        "id": "p.uuid",
        "tenant_id": f"coalesce({TENANT}, tb.tenant_id, '{DEFAULT_TENANT}')",
        "created_by_id": "ru.uuid",
        "batch_id": "p.batch",
        "domain_id": "p.domain",
        "host": "coalesce(hj.host, '')",
        "job_type": "t.becomes",
        "position": "least(greatest(o.id, 0), 2147483647)",
        "status": f"CASE p.becomes WHEN '{UNFINISHED}' THEN 'cancelled' ELSE p.becomes END",
        "options": EMPTY,
        "progress": "CASE WHEN p.becomes = 'complete' THEN 1 WHEN o.progress <= 0 THEN 0 "
        "WHEN o.progress <= 1 THEN o.progress WHEN o.progress <= 100 THEN o.progress / 100 "
        "ELSE 0 END",
        "stage": "''",
        "attempts": "0",
        "claim_no": "0",
        "failure_reason": f"CASE p.becomes WHEN 'failed' THEN 'internal_error' "
        f"WHEN '{UNFINISHED}' THEN 'cancelled' WHEN 'cancelled' THEN 'cancelled' ELSE '' END",
        "error": ERROR,
        "result": f"CASE WHEN jsonb_typeof({RESULT}) = 'null' THEN NULL "
        f"WHEN jsonb_typeof({RESULT}) <> 'object' OR {RESULT} ?| ARRAY['verdict', 'requests'] "
        f"THEN jsonb_build_object('imported', {RESULT}) ELSE {RESULT} END",
        "created_at": CREATED,
        "updated_at": f"coalesce(o.updated_at, {CREATED})",
        "started_at": "o.started_at",
        "finished_at": ENDED,
        "metadata": f"{object_or_empty('o.job_metadata')} || {object_or_empty('o.metadata')} || "
        f"CASE WHEN {WORTH} THEN jsonb_build_object('legacy', "
        f"{legacy_object(LEGACY, LEGACY_JSON, 'o.extra', 'o.odd')}) ELSE {EMPTY} END",
        "legacy_id": "o.id",
        "legacy_job_id": "o.job_id",
    },
    source=f"""
plan_job p JOIN (
    SELECT * FROM old_jobs WHERE id BETWEEN {LOW} AND {HIGH} {ONCE}
) AS o ON o.id = p.integer
{join_term("job", "o.status", "s")} {join_term("job_type", "o.job_type", "t")}
{TENANT_JOINS} {users.SQL_JOIN}
LEFT JOIN tenant_of_batch tb ON p.tenantless AND tb.id = p.batch
LEFT JOIN host_of_double hd ON hd.id = p.doubled
LEFT JOIN host_of_job hj ON hj.id = p.domain
WHERE p.integer BETWEEN {LOW} AND {HIGH}""",
    bounded="legacy_id",
    settled=("id", "tenant_id", "batch_id", "job_type", "created_at", "legacy_id", "legacy_job_id"),
)


def gather(context: Context) -> None:
    context.create("job_facts", JOB_FACTS)


def plan_ids(context: Context) -> None:
    """Assign ids to the jobs and record them in the id map."""
    load(context, KEYS, FACTS)
    if context.verifying:
        return
    id_map.settle(context, "job", "row_job", context.table(JOBS.model))
    id_map.write(context, "job", "row_job")
    context.note(
        "id of two jobs",
        "SELECT 'job', integer, stored, 'became ' || uuid FROM row_job WHERE how = 'collision'",
    )


def read_statuses(context: Context) -> None:
    """Translate the statuses of jobs, including those that batches list for domains."""
    read_terms(
        context,
        "job",
        "SELECT coalesce(status, '') FROM job_facts UNION SELECT status FROM own_status",
    )
    read_terms(context, "job_type", "SELECT DISTINCT coalesce(job_type, '') FROM job_facts")


def plan(context: Context) -> None:
    """Plan the batch, domain and status of each job."""
    context.create("plan_job", PLAN)
    context.execute(DOUBLED)
    if context.verifying or id_map.has_other_runs(context, "job"):
        run_of = id_map.sql_run_of("m")
        context.execute(
            TAKEN.format(jobs=context.table(JOBS.model), map=context.map, run_of=run_of)
        )
    context.execute("CREATE INDEX ON plan_job (integer)")
    if not context.verifying:
        _note(context)


def make_room(context: Context) -> None:
    """Free the disk space of tables that are no longer needed once jobs are planned."""
    for table in ("row_job", "reference"):
        context.clear(table)


def make(context: Context) -> None:
    _look_up(context)
    insert_and_compare(context, JOBS, "plan_job")


def _look_up(context: Context) -> None:
    """Look up the batches and domains that a few jobs need, which exist by now.

    The results are tables because correlated subqueries would prevent a parallel plan.
    """
    context.create(
        "tenant_of_batch",
        f"SELECT b.id, b.tenant_id FROM {context.table('batches.Batch')} b "
        "JOIN (SELECT DISTINCT batch FROM plan_job WHERE tenantless) AS p ON p.batch = b.id",
    )
    context.create(
        "host_of_double",
        f"SELECT d.id, d.host FROM {context.table('scans.Domain')} d "
        "JOIN (SELECT DISTINCT doubled FROM plan_job WHERE doubled IS NOT NULL) AS p "
        "ON p.doubled = d.id",
    )
    context.create(
        "host_of_job",
        f"SELECT d.id, {HOST_KEY} AS host FROM {context.table('scans.Domain')} d "
        "JOIN (SELECT DISTINCT domain FROM plan_job WHERE domain IS NOT NULL) AS p "
        "ON p.domain = d.id",
    )


def find_domains(context: Context) -> int:
    """Set the domain of jobs from earlier runs in which it was missing."""
    if not id_map.has_other_runs(context, "job"):
        return 0
    statement = MATCHES.format(
        jobs=context.table(JOBS.model),
        map=context.map,
        fresh=context.is_fresh(),
        host_key=HOST_KEY,
    )
    return context.execute(statement)


def _note(context: Context) -> None:
    context.note(
        "job's domain is gone",
        "SELECT 'job', r.integer, r.text, 'no domain ' || r.domain_own FROM row_job r "
        "JOIN plan_job p ON p.integer = r.integer "
        "WHERE r.domain_own IS NOT NULL AND p.domain IS NULL AND p.doubled IS NULL",
    )
    context.note(
        "second job of a batch for a domain",
        "SELECT 'job', integer, uuid::text, 'kept without its domain ' || doubled "
        "FROM plan_job WHERE doubled IS NOT NULL",
    )
    context.note(
        "status is unknown",
        "SELECT vocabulary, NULL::bigint, original, 'became ' || becomes FROM term WHERE NOT known",
    )
