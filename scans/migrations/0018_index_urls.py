"""Index the beginnings of pages' URLs."""

from typing import Any

from django.db import migrations


def create_index(apps: Any, schema_editor: Any) -> None:
    """Index what `scans.text_search.UrlPrefix` compares; SQLite reads the pages of its lists."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX page_by_url ON scans_page (tenant_id, left(url, 60) text_pattern_ops)"
        )


def drop_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS page_by_url")


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0017_correlated_columns"),
    ]

    operations = [migrations.RunPython(create_index, drop_index)]
