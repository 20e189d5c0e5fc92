"""Check existing jobs against the failure reasons, without stopping those who write."""

from django.db import migrations

from scans.operations import ValidateCheck


class Migration(migrations.Migration):
    dependencies = [("batches", "0009_dns_error")]

    operations = [ValidateCheck(model_name="job", name="job_failure_reason")]
