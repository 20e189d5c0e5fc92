"""Let an ended job outlive its domain; existing rows are checked in the next migration."""

from django.db import migrations
from django.db.models import CheckConstraint, Q

from scans.operations import ReplaceCheck


class Migration(migrations.Migration):
    dependencies = [("batches", "0020_convert_legacy_data")]

    operations = [
        ReplaceCheck(
            model_name="job",
            constraint=CheckConstraint(
                condition=Q(domain__isnull=False)
                | Q(status__in=["complete", "failed", "cancelled"])
                | Q(legacy_id__isnull=False),
                name="job_has_a_domain",
            ),
        ),
    ]
