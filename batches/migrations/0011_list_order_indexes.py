"""Give the lists of batches, and of scans outside batches, indexes that end in their order.

For one tenant, and for those who see several tenants or all.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("batches", "0010_validate_dns_error")]

    operations = [
        migrations.RemoveIndex(model_name="batch", name="batch_newest"),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["tenant", "-created_at", "-id"], name="batch_newest"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["-created_at", "-id"], name="batch_newest_of_all"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)),
                fields=["tenant", "-finished_at"],
                name="batch_last_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)),
                fields=["-finished_at"],
                name="batch_last_ended_of_all",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("batch__isnull", True)),
                fields=["-created_at"],
                name="job_newest_outside_batches",
            ),
        ),
    ]
