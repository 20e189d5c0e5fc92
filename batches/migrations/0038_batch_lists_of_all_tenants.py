"""Index batches in one direction, so that the lists of all tenants are read without a sort.

Such a list is ordered by tenant, time and id, all descending; an index that mixes directions serves
only the lists of one tenant.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("batches", "0037_rows_of_each_export")]

    operations = [
        migrations.RemoveIndex("batch", "batch_newest"),
        migrations.RemoveIndex("batch", "batch_by_status"),
        migrations.RemoveIndex("batch", "batch_of_sitemaps"),
        migrations.AddIndex(
            "batch", models.Index(fields=["tenant", "created_at", "id"], name="batch_newest")
        ),
        migrations.AddIndex(
            "batch",
            models.Index(fields=["tenant", "status", "created_at", "id"], name="batch_by_status"),
        ),
        migrations.AddIndex(
            "batch",
            models.Index(
                fields=["tenant", "created_at", "id"],
                condition=models.Q(processor_type="sitemap_import"),
                name="batch_of_sitemaps",
            ),
        ),
    ]
