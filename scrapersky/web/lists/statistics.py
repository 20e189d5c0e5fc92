"""Keep the statistics of SQLite current, from which its planner chooses the index of a list.

PostgreSQL's autovacuum does the same. SQLite never does it of its own accord, and without it a new
index may serve a query that another serves in a hundredth of the time.
"""

from django.apps import apps
from django.db import connection

# Tables are counted again once they have grown or shrunk by this factor.
FACTOR = 2


def refresh_statistics(*, all_tables: bool = False) -> list[str]:
    """Analyse the tables whose size has changed much since they were last analysed.

    Returns their names; does nothing on other databases. With `all_tables`, each is analysed, as a
    migration may have added an index. A table takes about a second for a million rows.
    """
    if connection.vendor != "sqlite":
        return []
    known, tables = _known_sizes(), connection.introspection.table_names()
    names = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
    changed = [
        name for name in names if name in tables and (all_tables or _has_changed(name, known))
    ]
    with connection.cursor() as cursor:
        for name in changed:  # one by one: writers wait for each alone
            cursor.execute(f"ANALYZE {connection.ops.quote_name(name)}")
    return changed


def _known_sizes() -> dict[str, int]:
    """Return the number of rows of each table when it was last analysed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            return {}
        cursor.execute("SELECT tbl, max(CAST(stat AS integer)) FROM sqlite_stat1 GROUP BY tbl")
        return dict(cursor.fetchall())


def _has_changed(name: str, known: dict[str, int]) -> bool:
    """Compare the size of a table with the known one; its last row id costs nothing to read."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(rowid) FROM {connection.ops.quote_name(name)}")
        size = cursor.fetchone()[0] or 0
    before = known.get(name, 0)
    return size != before and (size >= before * FACTOR or size * FACTOR <= before)
