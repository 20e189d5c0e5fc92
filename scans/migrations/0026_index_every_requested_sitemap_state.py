"""State the domains in the index of sitemap states in the way that SQLite recognises in a query."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0038_batch_lists_of_all_tenants"),
        ("scans", "0025_spell_choices"),
        ("tenants", "0008_limits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="domain",
            name="domain_by_sitemap_state",
        ),
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(
                condition=models.Q(("sitemap_analysis_status", "pending"), _negated=True),
                fields=["sitemap_analysis_status", "tenant", "host"],
                name="domain_by_sitemap_state",
            ),
        ),
    ]
