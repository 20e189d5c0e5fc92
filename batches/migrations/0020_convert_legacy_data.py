"""Convert the rows of an older system whose tables are in this database, and say so.

Elsewhere it does nothing: `manage.py convert_legacy_batch_ids` does the same at any time, and from
another database. It comes after the migrations that create the columns for what the older system
kept. Reversed, it removes what conversions created; the older tables stay as they are.
"""

import sys

from django.core.management.base import CommandError
from django.db import DatabaseError, migrations


def convert(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    from batches.legacy import reading
    from batches.legacy.context import LegacyError

    try:
        _convert(apps, schema_editor.connection)
    except (LegacyError, DatabaseError) as error:
        reason = reading.first_line(error)
        raise CommandError(f"The older tables were not converted: {reason}") from error


def _convert(apps, connection):
    from batches.legacy import conversion, output, reading

    with connection.cursor() as cursor:
        older = reading.find(cursor)
        if older is None:
            if schema := reading.schema_elsewhere(cursor):
                _say(
                    f"The tables in the schema {schema} are not converted: the search path does "
                    "not name it (docs/migrating.md)."
                )
            return
        _say(*output.intention(cursor, older))
    outcome = conversion.convert(connection, apps)
    _say(*output.outcome(outcome, dry_run=False))


def _say(*lines):
    """Print lines below the name of the migration; they quote what is in the older tables."""
    from scrapersky.web.text import printable_lines

    sys.stdout.write("".join(f"\n    {printable_lines(line)}" for line in lines))
    sys.stdout.flush()


def take_back(apps, schema_editor):
    from batches.legacy import reversal

    connection = schema_editor.connection
    if connection.vendor == "postgresql":
        reversal.reverse(connection, apps)


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0019_exports"),
        ("scans", "0010_legacy_metadata"),
        ("tenants", "0005_list_preferences"),
    ]

    operations = [migrations.RunPython(convert, take_back)]
