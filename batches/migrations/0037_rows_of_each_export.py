"""Keep the rows of each export of a view, so that a baseline can be set back exactly.

Reversing it fails once a row is stored by two exports of a view: delete the earlier ones first.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0036_skipped_domains_of_lists"),
        ("tenants", "0005_list_preferences"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="exportedrow",
            constraint=models.UniqueConstraint(
                fields=("view", "user", "row_id", "number"), name="exported_row_once_an_export"
            ),
        ),
        migrations.RemoveConstraint(model_name="exportedrow", name="exported_row_once"),
    ]
