"""Show the contents of a database, and compare it with the models."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from scrapersky.schema.comparison import differences
from scrapersky.schema.introspection import rows_of, table_named, tables_of
from scrapersky.schema.printing import print_sizes, print_table
from scrapersky.schema.types import SchemaError
from scrapersky.web.commands import SafeCommand

# The exit code if there is nothing to show; 1 means that the models differ.
UNREADABLE = 2


class Command(SafeCommand):
    help = (
        "List the tables of a database, or show the columns, indexes and some rows of one. "
        "With --check, compare the database with the models."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("table", nargs="?", default="", help="its name, or schema.name")
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            metavar="ALIAS",
            help=f"one of: {', '.join(connections)}",
        )
        parser.add_argument("--limit", type=int, default=3, metavar="N", help="rows to show (3)")
        parser.add_argument("--check", action="store_true", help="exit 1 where the models differ")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        action = self._check if options["check"] else self._show
        try:
            action(connection, options)
        except SchemaError as error:
            raise CommandError(str(error), returncode=UNREADABLE) from error
        except DatabaseError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(
                f"The database cannot be read: {reason}", returncode=UNREADABLE
            ) from error

    def _show(self, connection: BaseDatabaseWrapper, options: dict[str, Any]) -> None:
        if options["table"]:
            self._show_table(connection, options)
            return
        tables = tables_of(connection)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(table) for table in tables]))
        else:
            self.stdout.write(print_sizes(tables, on_terminal=self.stdout.isatty()))

    def _show_table(self, connection: BaseDatabaseWrapper, options: dict[str, Any]) -> None:
        table = table_named(connection, options["table"])
        rows = rows_of(connection, table, max(options["limit"], 0))
        if options["json"]:
            self.stdout.write(json.dumps(asdict(table) | {"rows": rows}))
        else:
            self.stdout.write(print_table(table, rows, on_terminal=self.stdout.isatty()))

    def _check(self, connection: BaseDatabaseWrapper, options: dict[str, Any]) -> None:
        drift = differences(connection, options["table"])
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in drift]))
        elif drift:
            self.stdout.write("\n".join(map(str, drift)))
        else:
            self.stdout.write("The models and the database agree.")
        if drift:
            raise SystemExit(1)
