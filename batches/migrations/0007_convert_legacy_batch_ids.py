"""Bring the rows of an older system over, where its tables are in this database.

Elsewhere nothing is done: `manage.py convert_legacy_batch_ids` does the same at any time, and from
another database. Reversed, what was made is removed; the older tables are left as they are.
"""

from django.db import migrations


def convert(apps, schema_editor):
    from batches.legacy import conversion, sources

    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        if not sources.has_legacy_tables(cursor):
            return
    conversion.convert(connection, apps)


def take_back(apps, schema_editor):
    from batches.legacy import reversal

    connection = schema_editor.connection
    if connection.vendor == "postgresql":
        reversal.reverse(connection, apps)


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0006_lean_job_indexes"),
        ("scans", "0002_domains_by_sitemap_state"),
        ("tenants", "0001_initial"),
    ]

    operations = [migrations.RunPython(convert, take_back)]
