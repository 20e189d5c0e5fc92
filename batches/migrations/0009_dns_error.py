"""Add `dns_error` to the failure reasons."""

from django.db import migrations, models

from scrapersky.schema.operations import SetCheckConstraint

REASONS = [
    "invalid_domain",
    "dns_not_found",
    "dns_error",
    "connection_refused",
    "connection_timeout",
    "read_timeout",
    "deadline_exceeded",
    "tls_error",
    "too_many_redirects",
    "blocked_address",
    "response_too_large",
    "unsupported_content",
    "http_error",
    "robots_disallowed",
    "worker_lost",
    "cancelled",
    "internal_error",
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("batches", "0008_rename_chore_to_maintenance_run")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="failure_reason",
            field=models.CharField(
                blank=True,
                choices=[(reason, reason.replace("_", " ").capitalize()) for reason in REASONS],
                editable=False,
                max_length=32,
            ),
        ),
        SetCheckConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(failure_reason__in=["", *REASONS]), name="job_failure_reason"
            ),
        ),
    ]
