"""Detect older tables in this system's database that are not converted yet.

Every start asks for it, so psycopg is imported only where the database is PostgreSQL.
"""

from typing import Any

from django.core.management.base import CommandError
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

MIGRATION = ("batches", "0020_convert_legacy_data")
REFUSAL = (
    "This database holds the tables of an older ScraperSky, which are not converted yet. Try it "
    "with `manage.py convert_legacy_batch_ids --dry-run`, then convert with `manage.py migrate`."
)
ELSEWHERE = (
    "The schema {schema} of this database holds the tables of an older ScraperSky. To convert "
    "them, add {option} to DATABASE_URL, try it with `manage.py convert_legacy_batch_ids "
    "--dry-run`, then run `manage.py migrate`. To start without them, run `manage.py migrate` now."
)


def refuse_unconverted(connection: BaseDatabaseWrapper) -> None:
    """Raise `CommandError` if this database holds older tables that nobody has decided about."""
    if connection.vendor != "postgresql" or _is_converted(connection):
        return
    from batches.legacy import reading
    from batches.legacy.context import LegacyError

    with connection.cursor() as cursor:
        try:
            if reading.find(cursor) is not None:
                raise CommandError(REFUSAL)
        except LegacyError as error:
            raise CommandError(str(error)) from error
        schema = reading.schema_elsewhere(cursor)
        if schema is not None:
            option = reading.path_option(cursor, schema)
            raise CommandError(ELSEWHERE.format(schema=schema, option=option))


def _is_converted(connection: BaseDatabaseWrapper) -> bool:
    return MIGRATION in MigrationRecorder(connection).applied_migrations()


def check_before_migrating(*, using: str, plan: list[Any], **kwargs: Any) -> None:
    """Raise `CommandError` before anything is migrated if older tables cannot be read."""
    connection = connections[using]
    forwards = {(m.app_label, m.name) for m, backwards in plan if not backwards}
    if MIGRATION not in forwards or connection.vendor != "postgresql":
        return
    from batches.legacy import reading
    from batches.legacy.context import LegacyError

    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(reading.HIDE_NOTHING)
        try:
            if reading.find(cursor) is not None:
                reading.find_complete(cursor)
        except LegacyError as error:
            raise CommandError(f"{error} Nothing was migrated.") from error
