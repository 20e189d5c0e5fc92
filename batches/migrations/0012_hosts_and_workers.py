"""Give jobs their host, workers their machine, and batches the time in which they ran."""

from django.db import migrations, models

# No worker runs while its tables change, and those of the earlier version held far more jobs than
# they scanned: all of these wait again, uncharged.
RELEASE = [
    "UPDATE batches_worker SET status = 'lost', ended_at = coalesce(ended_at, CURRENT_TIMESTAMP) "
    "WHERE status IN ('working', 'draining')",
    "UPDATE batches_job SET status = 'pending', worker_id = NULL, started_at = NULL "
    "WHERE status = 'running'",
    "UPDATE batches_job SET worker_id = NULL WHERE worker_id IS NOT NULL",
    "UPDATE batches_batch SET active_since = started_at WHERE status IN ('running', 'cancelling')",
]


class Migration(migrations.Migration):
    dependencies = [("batches", "0011_list_order_indexes")]

    operations = [
        migrations.RenameField("worker", "seats", "slots"),
        migrations.AddField(
            "worker",
            "machine",
            models.CharField(blank=True, default="", editable=False, max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            "batch", "active_seconds", models.FloatField(blank=True, editable=False, null=True)
        ),
        migrations.AddField(
            "batch", "active_since", models.DateTimeField(blank=True, editable=False, null=True)
        ),
        migrations.AddField(
            "job",
            "host",
            models.CharField(blank=True, default="", editable=False, max_length=255),
        ),
        migrations.RunSQL(RELEASE, migrations.RunSQL.noop),
    ]
