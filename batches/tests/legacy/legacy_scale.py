"""Legacy rows by the million, made by the database itself, in a realistic mix of ids."""

from typing import Any

# The first integer id, well behind those of the rows written by hand.
FIRST = 10_000_000

# What is stored for batch `n`: nine of ten hold a UUID, in the four ways it was written.
TEXT_OF_BATCH = """CASE
    WHEN {n} % 20 = 19 THEN 'batch_' || substr(md5('batch' || {n}), 1, 12)
    WHEN {n} % 20 = 18 THEN 'domain_batch_20250920_' || {n}
    WHEN {n} % 10 = 7 THEN 'batch_domain_sitemap_' || md5('batch' || {n})::uuid
    WHEN {n} % 10 > 7 THEN 'batch_' || md5('batch' || {n})::uuid
    WHEN {n} % 10 > 4 THEN md5('batch' || {n})::uuid::text
    ELSE 'batch_' || md5('batch' || {n}) END"""

BATCHES = """
INSERT INTO batch_jobs (id, batch_id{more}, tenant_id, processor_type, status, total_domains,
    completed_domains, failed_domains, progress, batch_metadata, options, start_time, end_time,
    processing_time, created_at, updated_at)
SELECT {first} + n, {batch_id}{values}, md5('tenant' || n % 50)::uuid, 'domain_scan',
    (ARRAY['completed', 'complete', 'partial', 'error'])[1 + n % 4], 5, 4, 1, 1.0,
    jsonb_build_object('source', 'api', 'request', n), '{{"max_pages": 50}}',
    timestamp '2024-01-01' + n * interval '30 s',
    timestamp '2024-01-01 01:00' + n * interval '30 s', 3600,
    timestamp '2024-01-01' + n * interval '30 s', timestamp '2024-01-01' + n * interval '31 s'
FROM generate_series(0, {count} - 1) AS n"""

JOBS = """
INSERT INTO jobs (id, job_id, tenant_id, job_type, status, progress, domain_id, batch_id, error,
    result, metadata, started_at, completed_at, created_at, updated_at)
SELECT {first} + n, md5('job' || n)::uuid::text{cast}, md5('tenant' || b % 50)::uuid,
    'domain_scan', (ARRAY['completed', 'complete', 'Completed', 'completed', 'failed'])[1 + n % 5],
    1.0, md5('domain' || (n::bigint * 7919 + n / {batches}) % {domains})::uuid, {text},
    CASE WHEN n % 5 = 4 THEN 'Connection timed out' END,
    jsonb_build_object('title', 'Title of ' || n, 'pages', n % 40, 'emails',
        jsonb_build_array('info@' || md5('domain' || n) || '.example')),
    '{{"source": "batch"}}', timestamptz '2024-01-01 00:00Z' + n * interval '5 s',
    timestamptz '2024-01-01 00:01Z' + n * interval '5 s',
    timestamp '2024-01-01' + n * interval '5 s', timestamp '2024-01-01' + n * interval '6 s'
FROM generate_series(0, {count} - 1) AS n, LATERAL (SELECT n % {batches} AS b) AS parent"""

DOMAINS = """
INSERT INTO domains (id, tenant_id, domain, status, title, description, batch_id, email_addresses,
    phone_numbers, facebook_url, tech_stack, domain_metadata, is_wordpress, last_scan, created_at,
    updated_at)
SELECT md5('domain' || n)::uuid, md5('tenant' || n % 50)::uuid,
    CASE WHEN n % 50 = 49 THEN 'https://' ELSE '' END || 'site-' || n || '.example.com',
    (ARRAY['completed', 'active', 'scanned', 'error'])[1 + n % 4], 'Title of ' || n,
    'A site about ' || md5('words' || n), {text},
    CASE WHEN n % 2 = 0 THEN ARRAY['info@site-' || n || '.example.com'] END,
    CASE WHEN n % 4 = 0 THEN ARRAY['+44 20 7946 ' || n % 10000] END,
    CASE WHEN n % 4 = 1 THEN 'https://www.facebook.com/site' || n END,
    CASE WHEN n % 2 = 1 THEN '{{"nginx": "1.24"}}'::jsonb END,
    jsonb_build_object('score', n % 100), n % 3 = 0,
    timestamptz '2024-01-01 00:00Z' + n * interval '10 s',
    timestamp '2024-01-01' + n * interval '10 s', timestamp '2024-01-01' + n * interval '11 s'
FROM generate_series(0, {count} - 1) AS n, LATERAL (SELECT n % {batches} AS b) AS parent"""


def fill_to_scale(cursor: Any, *, batches: int, jobs: int, domains: int) -> None:
    """Add so many rows to tables that `build` or `create_tables` has made."""
    text = TEXT_OF_BATCH.format(n="b")
    sizes = {"first": FIRST, "batches": max(batches, 1), "domains": max(domains, 1), "text": text}
    types = _types(cursor)
    cast = "::uuid" if types["jobs", "job_id"] == "uuid" else ""
    cursor.execute(_batches(types, batches))
    cursor.execute(DOMAINS.format(count=domains, **sizes))
    cursor.execute(JOBS.format(count=jobs, cast=cast, **sizes))
    for table in ("batch_jobs", "domains", "jobs"):
        cursor.execute(f"ANALYZE {table}")


def _batches(types: dict[tuple[str, str], str], count: int) -> str:
    text = TEXT_OF_BATCH.format(n="n")
    if types["batch_jobs", "batch_id"] != "uuid":
        return BATCHES.format(count=count, first=FIRST, batch_id=text, more="", values="")
    more = ", batch_id_original, batch_id_string, id_uuid"
    minted = "md5('batch' || n)::uuid"
    values = f", {text}, {minted}::text, md5('row' || n)::uuid"
    return BATCHES.format(count=count, first=FIRST, batch_id=minted, more=more, values=values)


def _types(cursor: Any) -> dict[tuple[str, str], str]:
    cursor.execute(
        "SELECT table_name, column_name, udt_name FROM information_schema.columns "
        "WHERE table_schema = current_schema AND table_name IN ('batch_jobs', 'jobs')"
    )
    return {(table, column): kind for table, column, kind in cursor.fetchall()}
