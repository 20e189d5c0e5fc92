"""Do nothing: `0020_convert_legacy_data` converts, once every column for it is there."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0006_lean_job_indexes"),
        ("scans", "0002_domains_by_sitemap_state"),
        ("tenants", "0001_initial"),
    ]

    operations = []
