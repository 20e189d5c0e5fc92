"""Tell PostgreSQL which columns of contacts and technologies go together.

A network is the label of profiles alone: taken for independent, the two make eight times fewer rows
than there are, and a page of a list is planned as if all of them could be read and sorted.
"""

from typing import Any

from django.db import migrations

STATISTICS = {
    "contact_kind_label": ("kind, label", "scans_contact"),
    "technology_name_category": ("name, category", "scans_technology"),
}


def create_statistics(apps: Any, schema_editor: Any) -> None:
    """Create the statistics; the next ANALYZE, or autovacuum, fills them."""
    if schema_editor.connection.vendor == "postgresql":
        for name, (columns, table) in STATISTICS.items():
            schema_editor.execute(f"CREATE STATISTICS {name} (mcv) ON {columns} FROM {table}")


def drop_statistics(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for name in STATISTICS:
            schema_editor.execute(f"DROP STATISTICS IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0016_saved_lists"),
    ]

    operations = [migrations.RunPython(create_statistics, drop_statistics)]
