"""Support dry runs in a database that lacks tables or columns of this system."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

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


def is_up_to_date(connection: BaseDatabaseWrapper) -> bool:
    """Return whether every migration of this system is applied to a database."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
