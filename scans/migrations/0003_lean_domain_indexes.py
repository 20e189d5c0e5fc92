"""Keep domains that were never scanned out of the indexes of what a scan leaves behind."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scans", "0002_domains_by_sitemap_state"), ("batches", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="domain", name="domain_by_last_scan"),
        migrations.AlterField(
            model_name="domain",
            name="latest_batch",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="batches.batch",
            ),
        ),
        migrations.AlterField(
            model_name="domain",
            name="latest_scan",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="scans.scan",
            ),
        ),
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(
                condition=models.Q(("latest_scan__isnull", False)),
                fields=["latest_scan"],
                name="domain_of_latest_scan",
            ),
        ),
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(
                condition=models.Q(("latest_batch__isnull", False)),
                fields=["latest_batch"],
                name="domain_of_latest_batch",
            ),
        ),
    ]
