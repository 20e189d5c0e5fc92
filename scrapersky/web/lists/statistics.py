"""Keep SQLite's planner statistics up to date.

PostgreSQL's autovacuum does this automatically. SQLite does not, and may then choose an index that
is a hundred times slower than another.
"""

from django.apps import apps
from django.db import connection

# Tables are analysed again once they have grown or shrunk by this factor.
FACTOR = 2


def refresh_statistics(*, all_tables: bool = False) -> list[str]:
    """Analyse tables whose size has changed much since the last time.

    Returns their names; does nothing on other databases. With `all_tables`, all are analysed,
    because a migration may have added an index. It takes about a second per million rows.
    """
    if connection.vendor != "sqlite":
        return []
    known, tables = _known_sizes(), connection.introspection.table_names()
    names = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
    changed = [
        name for name in names if name in tables and (all_tables or _has_changed(name, known))
    ]
    with connection.cursor() as cursor:
        for name in changed:  # one by one, so that writers wait for one table at a time
            cursor.execute(f"ANALYZE {connection.ops.quote_name(name)}")
    return changed


def _known_sizes() -> dict[str, int]:
    """Return the number of rows per table as of the last analysis."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            return {}
        cursor.execute("SELECT tbl, max(CAST(stat AS integer)) FROM sqlite_stat1 GROUP BY tbl")
        return dict(cursor.fetchall())


def _has_changed(name: str, known: dict[str, int]) -> bool:
    """Compare the size of a table, read from its last row id, with the recorded one."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(rowid) FROM {connection.ops.quote_name(name)}")
        size = cursor.fetchone()[0] or 0
    before = known.get(name, 0)
    return size != before and (size >= before * FACTOR or size * FACTOR <= before)
