"""Check foreign keys once a table, where the database would check each row by itself.

That halves the time of millions of rows. A superuser alone may ask for it; for anybody else the
database checks as ever.
"""

from batches.legacy.id_map import has_other_runs
from batches.legacy.run import LegacyError, Run

KEYS = """
SELECT a.attname, c.confrelid::regclass::text, r.attname FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
JOIN pg_attribute r ON r.attrelid = c.confrelid AND r.attnum = c.confkey[1]
WHERE c.conrelid = to_regclass(%s) AND c.contype = 'f'"""


def wait(run: Run) -> None:
    """Let the database check no keys until `hold`, in a first conversion.

    Rows that were there before are kept from being deleted meanwhile.
    """
    kinds = ("batch", "job", "domain")
    if run.verifying or any(has_other_runs(run, kind) for kind in kinds) or not relax(run):
        return
    for held in (
        f"SELECT FROM {run.table('tenants.Tenant')} FOR KEY SHARE",
        f"SELECT FROM {run.table('tenants.User')} FOR KEY SHARE",
        f"SELECT FROM {run.table('scans.Domain')} WHERE id IN (SELECT uuid FROM {run.map} "
        "WHERE kind = 'domain' AND how = 'existing') ORDER BY id FOR KEY SHARE",
    ):
        run.execute(f"WITH held AS ({held}) SELECT count(*) FROM held")


def relax(run: Run) -> bool:
    """Let the database check no keys, and say whether it lets itself be asked."""
    return run.is_allowed("SET LOCAL session_replication_role = replica")


def hold(run: Run) -> None:
    """Let the database check keys by itself again."""
    if _are_relaxed(run):
        run.execute("SET LOCAL session_replication_role = origin")


def check(run: Run, model: str) -> None:
    """Check the keys of a model's rows where the database does not; raise for one to nowhere."""
    keys = run.rows(KEYS, [run.table(model)]) if _are_relaxed(run) else []
    if not keys:
        return
    broken = ", ".join(
        f'count(*) FILTER (WHERE c."{column}" IS NOT NULL AND p{place}."{key}" IS NULL)'
        for place, (column, _, key) in enumerate(keys)
    )
    joins = " ".join(
        f'LEFT JOIN {parent} p{place} ON p{place}."{key}" = c."{column}"'
        for place, (column, parent, key) in enumerate(keys)
    )
    [counts] = run.rows(f"SELECT {broken} FROM {run.table(model)} c {joins}")
    for (column, _, _), count in zip(keys, counts, strict=True):
        if count:
            raise LegacyError(f"{count} rows of {model} have a {column} that leads nowhere.")


def _are_relaxed(run: Run) -> bool:
    return bool(run.value("SHOW session_replication_role") == "replica")
