"""Index when contacts, technologies and pages were first seen, in blocks of their tables.

New rows follow each other, so that the first and the last time in each range of blocks tell which
ranges have rows of a time. Such an index is a few kilobytes, and most new rows do not change it.
"""

from typing import Any

from django.db import migrations

TABLES = ("contact", "technology", "page")


def create_indexes(apps: Any, schema_editor: Any) -> None:
    """Create the indexes on PostgreSQL; SQLite has none of this kind."""
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(
                f"CREATE INDEX {table}_by_first_seen ON scans_{table} "
                "USING brin (first_seen) WITH (autosummarize = on)"
            )


def drop_indexes(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"DROP INDEX IF EXISTS {table}_by_first_seen")


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0022_contacts_in_order_of_values"),
    ]

    operations = [migrations.RunPython(create_indexes, drop_indexes)]
