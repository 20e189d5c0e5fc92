"""The test database of one process: how it is made, and how tests that commit leave it."""

import os
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from batches.apps import make_schedules
from scans.apps import ensure_search
from scrapersky.tenants.apps import make_default_tenant
from tests.migrated import copy_migrated_database, copy_migrated_postgres
from tests.settings import DIRECTORY

# What migrations fill, and no test changes.
_FIXED = {"django_content_type", "django_migrations", "auth_permission"}


def connect_to_copy() -> None:
    """Let Django work on a copy of the migrated database that only this process uses."""
    connection.close()
    if connection.vendor == "sqlite":
        # A name of its own: a log (-wal) that another thread left would be taken for the copy's.
        path = copy_migrated_database(DIRECTORY / f"tests-{uuid4()}.sqlite3")
        connection.settings_dict["NAME"] = str(path)
    else:
        name = f"{DIRECTORY.name}-{os.getpid()}"
        copy_migrated_postgres(os.environ["TEST_DATABASE_URL"], name)
        connection.settings_dict["NAME"] = name


def destroy_copy() -> None:
    """Remove the copy."""
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.creation._destroy_test_db(name, verbosity=0)  # type: ignore[attr-defined]


def undo_commits(*_: Any) -> None:
    """Delete the rows of a test that committed, and restore those of a fresh installation.

    Django's own way truncates all tables and creates every content type and permission again.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for table in _filled_tables():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
        for restore in (make_default_tenant, ensure_search, make_schedules):
            restore(using=connection.alias)


def _filled_tables() -> list[str]:
    tables = set(connection.introspection.django_table_names(only_existing=True)) - _FIXED
    has_row = "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM {1})"
    selects = [has_row.format(name, connection.ops.quote_name(name)) for name in sorted(tables)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects))
        return [name for (name,) in cursor.fetchall()]
