from typing import Any

from django.db import migrations

from scans.best_contacts import choose_for_stored


def choose(apps: Any, schema_editor: Any) -> None:
    """Choose the best contacts of the domains that are there, a chunk in each transaction."""
    choose_for_stored(apps.get_model("scans", "Domain"), apps.get_model("scans", "Contact"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("scans", "0012_best_contacts"),
    ]

    operations = [
        migrations.RunPython(choose, migrations.RunPython.noop),
    ]
