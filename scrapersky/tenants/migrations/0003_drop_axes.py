"""Drop what django-axes left: its tables, which hold names and addresses, and its permissions."""

from typing import Any

from django.db import migrations

TABLES = (
    "axes_accessattemptexpiration",
    "axes_accessattempt",
    "axes_accessfailurelog",
    "axes_accesslog",
)


def forget_axes(apps: Any, schema_editor: Any) -> None:
    """Delete its content types, and with them its permissions."""
    rows = apps.get_model("contenttypes", "ContentType").objects
    rows.using(schema_editor.connection.alias).filter(app_label="axes").delete()


class Migration(migrations.Migration):
    """Reversing drops nothing and creates nothing: axes' own migrations create its tables."""

    dependencies = [
        ("tenants", "0002_login_delays"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        *(
            migrations.RunSQL(f"DROP TABLE IF EXISTS {table}", migrations.RunSQL.noop)
            for table in TABLES
        ),
        migrations.RunSQL(
            "DELETE FROM django_migrations WHERE app = 'axes'", migrations.RunSQL.noop
        ),
        migrations.RunPython(forget_axes, migrations.RunPython.noop),
    ]
