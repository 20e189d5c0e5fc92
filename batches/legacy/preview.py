"""Support dry runs in a database without the tables of this system."""

from django.apps.registry import Apps
from django.db.backends.base.base import BaseDatabaseWrapper

from batches.legacy.context import WORKPLACE, Context, LegacyError

APPS = ("tenants", "scans", "batches")


def create_tables(context: Context) -> None:
    """Create this system's tables, empty, in the schema of the run, which is dropped at its end.

    They have no foreign keys or indexes: the rows are rolled back anyway.
    """
    if context.place != WORKPLACE:
        raise LegacyError(
            "A dry run before `manage.py migrate` needs a role that may create a schema: grant it "
            "CREATE on the database."
        )
    context.is_preview = True
    with context.connection.schema_editor(atomic=False) as editor:
        for label in APPS:
            for model in context.apps.get_app_config(label).get_models():
                editor.create_model(model)
        editor.deferred_sql.clear()


def has_tables(connection: BaseDatabaseWrapper, apps: Apps) -> bool:
    """Return whether a database has this system's tables."""
    table = apps.get_model("batches.LegacyId")._meta.db_table
    return table in connection.introspection.table_names()
