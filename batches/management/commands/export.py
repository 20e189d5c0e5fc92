"""Export a list or a saved view to a file: with the filters, columns and formats of the console."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.utils import timezone

from batches import view_exports
from batches.management.arguments import find_owner
from scrapersky.tenants.models import User
from scrapersky.tenants.preferences import SavedView
from scrapersky.tenants.saved_views import openable_views
from scrapersky.web.commands import SafeCommand
from scrapersky.web.lists import ListDefinition, ListQuery, QueryTooSlow, all_lists, get_list
from scrapersky.web.lists.columns import Column, plain
from scrapersky.web.lists.download import Content, Written
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import UnknownOutput, find_output


class Command(SafeCommand):
    help = "Export a list of results: all rows that match, read in parts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("list", choices=[definition.name for definition in all_lists()])
        parser.add_argument("file", help="the file to write; - for standard output")
        parser.add_argument("--user", required=True, help="export the rows that this user may read")
        parser.add_argument("--query", default="", help="filters, as in the list's query string")
        parser.add_argument("--columns", default="", help="names, separated by commas")
        parser.add_argument("--view", default="", help="a saved view, by name or id")
        parser.add_argument(
            "--only-changes",
            action="store_true",
            help="only rows new or changed since the user's last export of the view",
        )
        formats = ", ".join(kind.value for kind in Format)
        parser.add_argument(
            "--format",
            default=Format.CSV.value,
            help=f"{formats}, or a recipe of the list such as hubspot (default csv)",
        )

    def handle(self, *args: Any, **params: Any) -> None:
        content, started = _read(params), plain(timezone.now())
        try:
            if params["file"] == "-":
                written = content.write_to(sys.stdout.buffer)
            else:
                with Path(params["file"]).open("wb") as file:
                    written = content.write_to(file)
        except QueryTooSlow as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{params['file']}: {error.strerror}.") from error
        self.stderr.write(_summary(content, written, started))


def _summary(content: Content, written: Written, started: str) -> str:
    """State how much was written, and of which filter and time."""
    cut = f" {written.truncated:,} texts cut to 32,767 characters." if written.truncated else ""
    return (
        f"{written.rows:,} rows written.{cut} The filter is “{content.query.filter_query}”; each "
        f"row is as it was when it was read, between {started} and {plain(timezone.now())}."
    )


def _read(params: dict[str, Any]) -> Content:
    definition = get_list(params["list"])
    _, user = find_owner(params["user"])
    if user is None:
        raise CommandError("--user is missing: name the user whose rows to export.")
    try:
        output = find_output(definition, params["format"])
    except UnknownOutput as error:
        raise CommandError(f"--format: {error}") from error
    view = _view(user, definition, params["view"]) if params["view"] else None
    if params["only_changes"] and view is None:
        raise CommandError("--only-changes: name the view with --view.")
    text = view.query if view else params["query"]
    query = ListQuery.of_text(definition, text, user, output.rows(definition))
    for name, message in query.errors.items():
        raise CommandError(f"--query: {name}: {message}")
    names = view.columns if view else [name for name in params["columns"].split(",") if name]
    columns = _columns(query.definition, names)
    if view is None:
        return Content(query, output, columns)
    changes = view_exports.begin(view, user, only_changes=params["only_changes"])
    return Content(query, output, columns, changes)


def _view(user: User, definition: ListDefinition, name: str) -> SavedView:
    views = openable_views(user).filter(list_name=definition.name)
    try:
        view = views.filter(pk=UUID(name)).first()
    except ValueError:
        view = views.filter(name=name).order_by("pk").first()
    if view is None:
        raise CommandError(f"--view: {user} has no view “{name}” of {definition.name}.")
    return view


def _columns(definition: ListDefinition, names: list[str]) -> list[Column]:
    for name in names:
        if name not in definition.column_by_name:
            known = ", ".join(definition.column_by_name)
            raise CommandError(f"--columns: there is no column {name}. Choose from {known}.")
    return [definition.column_by_name[name] for name in names or definition.default_columns]
