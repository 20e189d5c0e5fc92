"""Keep domains without results out of the indexes of results, and sort hosts by their bytes.

In that order the unique index of hosts serves prefixes too. PostgreSQL rebuilds the other indexes
with a host, but not the table.
"""

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import scans.models.domain
from scans.text_search import HAS_WORDS_SQL, POSTGRESQL_INDEXES

VALUES = {
    "last_scan": ("last_scanned_at", Q(last_scanned_at__isnull=False)),
    "page_count": ("page_count", Q(page_count__gt=0)),
    "best_email": ("best_email", Q(best_email__isnull=False)),
    "best_phone": ("best_phone", Q(best_phone__isnull=False)),
}


def leave_out_domains_without_words(apps: Any, schema_editor: Any) -> None:
    _create_words(schema_editor, f"WHERE {HAS_WORDS_SQL.format('')}")


def index_all_words(apps: Any, schema_editor: Any) -> None:
    _create_words(schema_editor, "")


def _create_words(schema_editor: Any, condition: str) -> None:
    if schema_editor.connection.vendor == "postgresql":
        words = POSTGRESQL_INDEXES["domain_words"]
        schema_editor.execute("DROP INDEX IF EXISTS domain_words")
        schema_editor.execute(
            f"CREATE INDEX domain_words ON scans_domain USING gin ({words}) {condition}"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0038_batch_lists_of_all_tenants"),
        ("scans", "0023_index_first_seen"),
        ("tenants", "0008_limits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *(
            migrations.RemoveIndex(model_name="domain", name=f"domain_by_{name}")
            for name in ("prefix", *VALUES)
        ),
        migrations.AlterField(
            model_name="domain",
            name="host",
            field=scans.models.domain.HostField(max_length=260),
        ),
        *(
            migrations.AddIndex(
                model_name="domain",
                index=models.Index(
                    fields=["tenant", field, "id"],
                    condition=has_value | ~Q(status="unscanned"),
                    name=f"domain_by_{name}",
                ),
            )
            for name, (field, has_value) in VALUES.items()
        ),
        migrations.RunPython(leave_out_domains_without_words, index_all_words),
    ]
