"""Index the values of contacts in the order in which a search by value lists them."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0021_lean_indexes_of_domains"),
        ("tenants", "0007_readable_plurals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_by_value",
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["tenant", "value", "id"], name="contact_by_value"),
        ),
    ]
