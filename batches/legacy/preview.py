"""Try a conversion in a database that has none of this system's tables yet."""

from django.apps.registry import Apps
from django.db.backends.base.base import BaseDatabaseWrapper

from batches.legacy.context import WORKPLACE, Context, LegacyError

APPS = ("tenants", "scans", "batches")


def create_tables(context: Context) -> None:
    """Create this system's tables, empty, among those of the run, which go when it ends.

    Without foreign keys and indexes: the rows are rolled back anyway.
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
