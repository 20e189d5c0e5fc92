"""Export a list or a saved view, with the filters, columns and formats of the console.

The command writes a file itself, or with `--background` starts an export as the API does.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone

from batches import view_exports
from batches.background_exports import create_export
from batches.management.arguments import find_owner, refusal_of
from scrapersky.tenants.models import User
from scrapersky.tenants.preferences import SavedView
from scrapersky.tenants.saved_views import openable_views
from scrapersky.web.commands import SafeCommand
from scrapersky.web.lists import ListDefinition, ListQuery, QueryTooSlow, all_lists, get_list
from scrapersky.web.lists.columns import Column, plain
from scrapersky.web.lists.download import Content, Written
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import Output, UnknownOutput, find_output


class Command(SafeCommand):
    help = "Export a list of results: all rows that match, read in parts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("list", choices=[definition.name for definition in all_lists()])
        parser.add_argument("file", nargs="?", help="the file to write; - for standard output")
        parser.add_argument("--user", required=True, help="export the rows that this user may read")
        parser.add_argument("--query", default="", help="filters, as in the list's query string")
        parser.add_argument("--columns", default="", help="names, separated by commas")
        parser.add_argument("--view", default="", help="a saved view, by name or id")
        parser.add_argument(
            "--only-changes",
            action="store_true",
            help="only rows new or changed since the user's last export of the view",
        )
        parser.add_argument(
            "--background",
            action="store_true",
            help="start an export on the workers instead of writing a file, and print its id",
        )
        parser.add_argument(
            "--tenant",
            type=UUID,
            help="the tenant of a background export, by id (default: the view's, or the first)",
        )
        formats = ", ".join(kind.value for kind in Format)
        parser.add_argument(
            "--format",
            default=Format.CSV.value,
            help=f"{formats}, or a recipe of the list such as hubspot (default csv)",
        )

    def handle(self, *args: Any, **params: Any) -> None:
        if bool(params["file"]) is params["background"]:
            raise CommandError("Name either the file to write or --background.")
        if params["tenant"] and not params["background"]:
            raise CommandError("--tenant: only background exports are limited to one tenant.")
        if params["background"]:
            self._start(params)
        else:
            self._write(params["file"], _content(**_wanted(params)))

    def _start(self, params: dict[str, Any]) -> None:
        """Start an export in the background; print its id, and where it can be fetched."""
        try:
            export = create_export(**_wanted(params), tenant_id=params["tenant"])
        except ValidationError as error:
            raise CommandError(refusal_of(error)) from error
        self.stdout.write(str(export.pk))
        status = reverse("api:export_status", args=[export.pk])
        page = reverse("export_list")
        self.stderr.write(f"{export.tenant}: poll {status}, or see the console's page {page}.")

    def _write(self, name: str, content: Content) -> None:
        started = plain(timezone.now())
        try:
            if name == "-":
                written = content.write_to(sys.stdout.buffer)
            else:
                with Path(name).open("wb") as file:
                    written = content.write_to(file)
        except QueryTooSlow as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}.") from error
        self.stderr.write(_summary(content, written, started))


def _summary(content: Content, written: Written, started: str) -> str:
    """State how much was written, and of which filter and time."""
    cut = f" {written.truncated:,} texts cut to 32,767 characters." if written.truncated else ""
    return (
        f"{written.rows:,} rows written.{cut} The filter is “{content.query.filter_query}”; each "
        f"row is as it was when it was read, between {started} and {plain(timezone.now())}."
    )


def _wanted(params: dict[str, Any]) -> dict[str, Any]:
    """Return what to export, as the arguments of `create_export`."""
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
    names = [name for name in params["columns"].split(",") if name]
    return {
        "user": user,
        "definition": definition,
        "query": view.query if view else params["query"],
        "columns": list(view.columns) if view else names,
        "output": output,
        "view": view,
        "only_changes": params["only_changes"],
    }


def _content(
    *,
    user: User,
    definition: ListDefinition,
    query: str,
    columns: list[str],
    output: Output,
    view: SavedView | None,
    only_changes: bool,
) -> Content:
    """Return the content of a file to write now: the rows of all tenants that the user may read."""
    rows = ListQuery.of_text(definition, query, user, output.rows(definition))
    for name, message in rows.errors.items():
        raise CommandError(f"--query: {name}: {message}")
    selected = _columns(rows.definition, columns)
    changes = view_exports.begin(view, user, only_changes=only_changes) if view else None
    return Content(rows, output, selected, changes)


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
