"""Index what batches are filtered by: status, type, and the words of the name."""

from typing import Any

from django.db import migrations, models

NAME_WORDS = "to_tsvector('simple', translate(name, './@-_:;,&+#''()[]|!?', '                   '))"


def create_name_index(apps: Any, schema_editor: Any) -> None:
    """Index the words of names; SQLite reads each name."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX batch_name_words ON batches_batch USING gin ({NAME_WORDS})"
        )


def drop_name_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS batch_name_words")


class Migration(migrations.Migration):
    dependencies = [("batches", "0026_schedule_times")]

    operations = [
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                fields=["tenant", "status", "-created_at", "-id"], name="batch_by_status"
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("processor_type", "sitemap_import")),
                fields=["tenant", "-created_at", "-id"],
                name="batch_of_sitemaps",
            ),
        ),
        migrations.RunPython(create_name_index, drop_name_index),
    ]
