"""Index what a claim reads: the jobs that no worker holds, and the hosts that are held."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0013_fill_job_hosts"),
        ("scans", "0005_pages_gone"),
        ("tenants", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="worker",
            name="worker_status",
        ),
        migrations.RemoveConstraint(
            model_name="worker",
            name="worker_one_shift_a_host",
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="job_to_claim",
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="job_worker",
        ),
        migrations.AlterField(
            model_name="worker",
            name="status",
            field=models.CharField(
                choices=[("working", "Working"), ("ended", "Ended"), ("lost", "Lost")],
                default="working",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("status", "pending"), ("worker__isnull", True)),
                fields=["batch", "position"],
                name="job_claimable",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("worker__isnull", False)), fields=["host"], name="job_held"
            ),
        ),
        migrations.AddConstraint(
            model_name="worker",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["working", "ended", "lost"])),
                name="worker_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="worker",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "working")),
                fields=("host", "machine"),
                name="worker_one_shift_a_host",
            ),
        ),
    ]
