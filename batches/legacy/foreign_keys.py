"""Check foreign keys once for all rows, where the database would check each row by itself.

That halves the time of millions of rows. A superuser alone may ask for it; for anybody else the
database checks as ever.
"""

from django.db import DatabaseError, transaction

from batches.legacy.id_map import has_other_runs
from batches.legacy.run import LegacyError, Run
from batches.legacy.target import MODELS

KEYS = """
SELECT a.attname, c.confrelid::regclass::text, r.attname FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
JOIN pg_attribute r ON r.attrelid = c.confrelid AND r.attnum = c.confkey[1]
WHERE c.conrelid = to_regclass(%s) AND c.contype = 'f'"""
BROKEN = """
SELECT count(*) FROM {child} c
WHERE c."{column}" IS NOT NULL
    AND NOT EXISTS (SELECT FROM {parent} p WHERE p."{key}" = c."{column}")"""


def wait(run: Run) -> None:
    """Let the database check no keys until `check`, in a first conversion.

    Rows that were there before are kept from being deleted meanwhile.
    """
    if any(has_other_runs(run, kind) for kind in ("batch", "job", "domain")) or not relax(run):
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
    try:
        with transaction.atomic(using=run.connection.alias):
            run.execute("SET LOCAL session_replication_role = replica")
    except DatabaseError:
        return False
    return True


def check(run: Run) -> None:
    """Check the keys of all rows if they were not; raise where one leads nowhere."""
    if run.value("SHOW session_replication_role") == "replica":
        run.execute("SET LOCAL session_replication_role = origin")
        for model in MODELS:
            _check(run, model)


def _check(run: Run, model: str) -> None:
    for column, parent, key in run.rows(KEYS, [run.table(model)]):
        query = BROKEN.format(child=run.table(model), column=column, parent=parent, key=key)
        if broken := run.value(query):
            raise LegacyError(f"{broken} rows of {model} have a {column} that leads nowhere.")
