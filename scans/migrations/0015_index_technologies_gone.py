"""Index the technologies that are gone, which are few."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0014_addresses_and_people"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="technology",
            index=models.Index(
                condition=models.Q(("gone_at__isnull", False)),
                fields=["tenant", "id"],
                name="technology_gone",
            ),
        ),
    ]
