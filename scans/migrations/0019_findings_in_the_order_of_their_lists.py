"""Index labels, technologies and categories in the order of their lists, which need no sort then."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0018_index_urls"),
        ("tenants", "0007_readable_plurals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_by_label",
        ),
        migrations.RemoveIndex(
            model_name="technology",
            name="technology_by_name",
        ),
        migrations.RemoveIndex(
            model_name="technology",
            name="technology_by_category",
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["tenant", "kind", "label", "id"], name="contact_by_label"),
        ),
        migrations.AddIndex(
            model_name="technology",
            index=models.Index(fields=["tenant", "name", "id"], name="technology_by_name"),
        ),
        migrations.AddIndex(
            model_name="technology",
            index=models.Index(fields=["tenant", "category", "id"], name="technology_by_category"),
        ),
    ]
