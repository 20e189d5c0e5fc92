"""Keep the private address of a job that may not be scanned apart from its sentence."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0016_newest_jobs"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="private_address",
            field=models.GenericIPAddressField(blank=True, editable=False, null=True),
        ),
    ]
