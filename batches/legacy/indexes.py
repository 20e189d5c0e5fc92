"""Build the indexes of the target tables after their rows, where nobody uses the tables.

Entering millions of rows with random ids into some sixty indexes takes longer than everything else;
building an index from all rows at once takes a fraction of that. Dropping an index locks its table
against readers, so it is done only in the first conversion of many rows, while no other client is
connected to the database.
"""

from batches.legacy.context import Context

MODELS = (
    "batches.Batch",
    "batches.Job",
    "scans.Domain",
    "scans.Contact",
    "scans.Technology",
    "scans.Sitemap",
    "scans.Page",
)
# With fewer older rows, entering them one by one takes only seconds.
MANY = 20_000
# Tables with more rows of their own keep their indexes.
FEW = 1_000
IS_ALONE = """
SELECT NOT EXISTS (
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend')"""
# Indexes without a rule about rows; those of integer ids are read while rows are compared.
SECONDARY = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum = 1
WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisunique AND a.attname <> 'legacy_id'
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
ORDER BY i.indrelid, i.indexrelid"""


def drop(context: Context) -> None:
    """Drop the indexes that `build` restores, unless that could disturb others or save nothing."""
    if context.verifying or context.is_preview or sum(context.loaded.values()) < MANY:
        return
    tables = [context.table(model) for model in MODELS]
    if not context.value(IS_ALONE) or any(_has_rows(context, table) for table in tables):
        return
    names, definitions = zip(*context.rows(SECONDARY, [tables]), strict=True)
    lock = f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE NOWAIT"
    if context.is_allowed(f"{lock}; DROP INDEX {', '.join(names)}"):
        context.dropped_indexes.extend(definitions)


def _has_rows(context: Context, table: str) -> bool:
    return bool(context.value(f"SELECT EXISTS (SELECT FROM {table} OFFSET {FEW})"))


def build(context: Context) -> None:
    """Build the dropped indexes."""
    total = len(context.dropped_indexes)
    for number in range(1, total + 1):
        context.show_progress(f"({number} of {total})")
        context.execute(context.dropped_indexes.pop())
