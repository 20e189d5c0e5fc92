"""Let daily counts count the domains that a tenant with a limit submits."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

MEASURES = {
    "verdict": "Verdict",
    "failure": "Failure reason",
    "contact": "Contact",
    "submitted": "Submitted domain",
}


def forget_submitted(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Delete the counts that the constraint before did not allow."""
    rows = apps.get_model("batches", "DailyCount")._default_manager.all()
    rows.using(schema_editor.connection.alias).filter(measure="submitted").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0033_batch_rows"),
        ("tenants", "0008_limits"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="dailycount", name="daily_count_measure"),
        migrations.AlterField(
            model_name="dailycount",
            name="measure",
            field=models.CharField(choices=list(MEASURES.items()), max_length=16),
        ),
        migrations.AddConstraint(
            model_name="dailycount",
            constraint=models.CheckConstraint(
                condition=models.Q(measure__in=list(MEASURES)), name="daily_count_measure"
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget_submitted),
    ]
