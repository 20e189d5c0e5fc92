"""Check existing jobs against the new rule, without stopping those who write."""

from django.db import migrations

from scans.operations import ValidateCheck


class Migration(migrations.Migration):
    dependencies = [("batches", "0021_jobs_of_deleted_domains")]

    operations = [ValidateCheck(model_name="job", name="job_has_a_domain")]
