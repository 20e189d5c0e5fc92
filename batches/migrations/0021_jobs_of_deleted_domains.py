"""Let an ended job outlive its domain."""

from django.db import migrations
from django.db.models import CheckConstraint, Q

from scrapersky.schema.operations import SetCheckConstraint


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("batches", "0020_convert_legacy_data")]

    operations = [
        SetCheckConstraint(
            model_name="job",
            constraint=CheckConstraint(
                condition=Q(domain__isnull=False)
                | Q(status__in=["complete", "failed", "cancelled"])
                | Q(legacy_id__isnull=False),
                name="job_has_a_domain",
            ),
        ),
    ]
