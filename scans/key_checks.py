"""Check the foreign keys of many new rows at once.

PostgreSQL looks up every key of every row by itself, which is half of the time of a batch of
millions. A role that may switch that off (a superuser) locks the rows that the new ones refer to
against deletion instead, in one statement a table, which shows that they exist. For other roles,
and on SQLite, the database checks row by row.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

# Rows from which it is worth some statements more.
WORTHWHILE = 1_000
# The setting would silence triggers that someone added to the database as well.
MAY_SWITCH_OFF = """
SELECT current_setting('is_superuser') = 'on'
    AND NOT EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal)"""


@contextmanager
def keys_checked_at_once(
    parents: Mapping[type[models.Model], Collection[Any]], rows: int
) -> Iterator[None]:
    """Let a block insert some rows that refer to no others than `parents` (model -> ids).

    Where one of the parents is missing, the database checks row by row and raises its own error.
    """
    if rows < WORTHWHILE or connection.vendor != "postgresql":
        yield
        return
    # A rollback of this block restores the setting as well.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MAY_SWITCH_OFF)
        may_switch_off = cursor.fetchone()[0]
        if not (may_switch_off and all(_lock(model, ids) for model, ids in parents.items())):
            yield
            return
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def _lock(model: type[models.Model], ids: Collection[Any]) -> bool:
    """Lock rows against deletion in the order of their ids; return whether all of them exist."""
    table = connection.ops.quote_name(model._meta.db_table)
    rows = f"SELECT FROM {table} WHERE id = ANY(%s::uuid[]) ORDER BY id FOR KEY SHARE"
    distinct = list({str(pk) for pk in ids})
    with connection.cursor() as cursor:
        cursor.execute(f"WITH held AS ({rows}) SELECT count(*) FROM held", [distinct])
        return bool(cursor.fetchone()[0] == len(distinct))
