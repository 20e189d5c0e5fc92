"""Leave domains that were never scanned out of indexes that no list reads them in."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0032_sheets_of_lists"),
        ("scans", "0020_list_imports"),
        ("tenants", "0007_readable_plurals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="domain",
            name="domain_by_verdict",
        ),
        migrations.RemoveIndex(
            model_name="domain",
            name="domain_by_language",
        ),
        migrations.AlterField(
            model_name="domain",
            name="noted_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(
                condition=models.Q(("verdict", ""), _negated=True),
                fields=["tenant", "verdict", "host"],
                name="domain_by_verdict",
            ),
        ),
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(
                condition=models.Q(("language", ""), _negated=True),
                fields=["tenant", "language", "host"],
                name="domain_by_language",
            ),
        ),
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(
                condition=models.Q(("noted_by__isnull", False)),
                fields=["noted_by"],
                name="domain_noted_by",
            ),
        ),
    ]
