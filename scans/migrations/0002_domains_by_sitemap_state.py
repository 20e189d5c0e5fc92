from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(
                condition=models.Q(
                    ("sitemap_analysis_status__in", ["queued", "processing", "submitted", "failed"])
                ),
                fields=["sitemap_analysis_status", "tenant", "host"],
                name="domain_by_sitemap_state",
            ),
        ),
    ]
