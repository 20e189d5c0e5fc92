"""Export a list to a file: the filters, columns and formats of the console."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError

from batches.management.arguments import find_owner
from scrapersky.web.commands import SafeCommand
from scrapersky.web.lists import ListQuery, QueryTooSlow, all_lists, get_list
from scrapersky.web.lists.columns import Column
from scrapersky.web.lists.download import pages_of
from scrapersky.web.lists.formats import Format, Workbook, text_head, text_rows


class Command(SafeCommand):
    help = "Export a list of results: all rows that match, read in parts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("list", choices=[definition.name for definition in all_lists()])
        parser.add_argument("file", help="where to write; - for standard output")
        parser.add_argument("--user", required=True, help="whose rows: those the user may read")
        parser.add_argument("--query", default="", help="filters, as in the address of the list")
        parser.add_argument("--columns", default="", help="names, separated by commas")
        parser.add_argument(
            "--format", choices=[kind.value for kind in Format], default=Format.CSV.value
        )

    def handle(self, *args: Any, **params: Any) -> None:
        query, columns = _read(params)
        kind = Format(params["format"])
        try:
            if params["file"] == "-":
                count = _write(sys.stdout.buffer, query, columns, kind)
            else:
                with Path(params["file"]).open("wb") as file:
                    count = _write(file, query, columns, kind)
        except QueryTooSlow as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{params['file']}: {error.strerror}.") from error
        self.stderr.write(f"{count:,} rows written.")


def _read(params: dict[str, Any]) -> tuple[ListQuery, list[Column]]:
    definition = get_list(params["list"])
    _, user = find_owner(params["user"])
    if user is None:
        raise CommandError("--user: name the user whose rows are exported.")
    query = ListQuery.of_text(definition, params["query"], user)
    for name, message in query.errors.items():
        raise CommandError(f"--query: {name}: {message}")
    names = [text for text in params["columns"].split(",") if text] or definition.default_columns
    for name in names:
        if name not in definition.column_by_name:
            known = ", ".join(definition.column_by_name)
            raise CommandError(f"--columns: there is no column {name}. Choose from {known}.")
    return query, [definition.column_by_name[name] for name in names]


def _write(file: BinaryIO, query: ListQuery, columns: list[Column], kind: Format) -> int:
    count = 0
    book = Workbook(file, columns) if kind is Format.XLSX else None
    if book is None:
        file.write(text_head(kind, columns))
    for rows, _ in pages_of(query, columns):
        count += len(rows)
        if book:
            book.add(rows)
        else:
            file.write(text_rows(kind, columns, rows))
    if book:
        book.close()
    return count
