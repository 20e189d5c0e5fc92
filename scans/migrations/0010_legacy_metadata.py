"""Keep what else the older system stored of contacts, pages and sitemaps."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0009_corrections"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="metadata",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="page",
            name="metadata",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sitemap",
            name="metadata",
            field=models.JSONField(blank=True, null=True),
        ),
    ]
