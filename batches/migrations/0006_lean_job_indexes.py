"""Let a new job into four indexes instead of nine.

`job_by_outcome` held every job twice over; the index of the workers held none of the jobs that a
worker's deletion looks for.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("batches", "0005_legacy_ids"), ("scans", "0002_domains_by_sitemap_state")]

    operations = [
        migrations.RemoveConstraint(model_name="job", name="job_once_a_batch"),
        # AlterField takes a unique index with a condition for the field's own and drops it too.
        migrations.RemoveConstraint(model_name="job", name="job_one_active_outside_batches"),
        migrations.RemoveIndex(model_name="job", name="job_by_outcome"),
        migrations.RemoveIndex(model_name="job", name="job_running"),
        migrations.RemoveIndex(model_name="job", name="job_newest"),
        migrations.RemoveIndex(model_name="job", name="job_legacy_id"),
        migrations.AlterField(
            model_name="job",
            name="domain",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="jobs",
                to="scans.domain",
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="scan",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="jobs",
                to="scans.scan",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(fields=("domain", "batch"), name="job_once_a_batch"),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(("batch__isnull", True), ("status__in", ["pending", "running"])),
                fields=("domain",),
                name="job_one_active_outside_batches",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("status", "running")),
                fields=["batch", "position"],
                name="job_running",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("status", "failed")),
                fields=["batch", "failure_reason"],
                name="job_failed",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("worker__isnull", False)), fields=["worker"], name="job_worker"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("scan__isnull", False)), fields=["scan"], name="job_scan"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("batch__isnull", True)),
                fields=["tenant", "-created_at"],
                name="job_outside_batches",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("legacy_id__isnull", False)),
                fields=["legacy_id"],
                name="job_legacy_id",
            ),
        ),
    ]
