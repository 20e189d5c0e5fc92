"""Run exports in slices of less than 30 s; each records where it stopped and queues the next.

Slices page by keyset, so no cursor or transaction stays open between two of them, and run one at a
time per worker host. A slice that dies is repeated from the last recorded row: a text file is cut
to its recorded length, a workbook part is written again.
"""

import fcntl
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from batches import view_exports
from batches.models import Export
from scrapersky.tenants.access import tenant_for_new_rows, writable_tenants
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.preferences import SavedView
from scrapersky.web import slices
from scrapersky.web.lists import ListDefinition, ListQuery, QueryTooSlow, get_list
from scrapersky.web.lists.download import Content, Part
from scrapersky.web.lists.formats import Format, Workbook, text_head, text_rows
from scrapersky.web.lists.outputs import Output
from scrapersky.web.regional import grouped
from scrapersky.web.stopping import may_go_on

# Rows per workbook: Excel allows a million, but a part must be written within one slice.
PART_ROWS = 100_000


def create_export(
    *,
    user: User,
    definition: ListDefinition,
    query: str,
    columns: list[str],
    output: Output,
    view: SavedView | None = None,
    only_changes: bool = False,
    tenant_id: UUID | None = None,
) -> Export:
    """Queue an export of a list, filtered by a query string.

    It contains the rows of one tenant: the given one, the view's, or the user's first. An export of
    a saved view is remembered, and with `only_changes` it leaves out what the user has already
    exported from the view. Raises ValidationError for an unusable tenant, filter or column, and
    PermissionDenied if the user may not write in any tenant.
    """
    tenant = _tenant_of(user, view, tenant_id)
    wanted = ListQuery.of_text(definition, query, user, output.rows(definition))
    if wanted.errors:
        raise ValidationError(wanted.errors)
    if unknown := [name for name in columns if name not in wanted.definition.column_by_name]:
        raise ValidationError({"columns": f"There is no column “{unknown[0][:50]}”."})
    with transaction.atomic():
        changes = view_exports.begin(view, user, only_changes=only_changes) if view else None
        export = Export.objects.create(
            tenant=tenant,
            created_by=user,
            list_name=definition.name,
            query=wanted.filter_query,
            columns=columns or list(wanted.definition.default_columns),
            format=output.kind.value,
            recipe=output.recipe.name if output.recipe else "",
            view_export=changes.export if changes else None,
            only_changes=only_changes,
            expected=_expected(wanted),
        )
        transaction.on_commit(call_next, robust=True)
    return export


def _tenant_of(user: User, view: SavedView | None, tenant_id: UUID | None) -> Tenant:
    """Return the tenant of an export, in which the user must be allowed to write."""
    own = writable_tenants(user)
    if tenant_id:
        named = own.filter(pk=tenant_id).first()
        if named is None:
            message = "You cannot export from a tenant with this id. Choose one of your tenants."
            raise ValidationError({"tenant": message})
        return named
    of_view = own.filter(pk=view.tenant_id).first() if view else None
    return of_view or tenant_for_new_rows(user)


def _expected(query: ListQuery) -> int:
    try:
        return query.count().rows
    except QueryTooSlow:
        return 0


def call_next() -> None:
    """Queue a slice of the least recently served export that is due, if any."""
    if export := Export.objects.due().first():
        WORK.enqueue(export.pk)


def run_slice(key: str) -> str:
    """Write a part of an export; return a message for the queue's task list."""
    row = Export.objects.filter(pk=UUID(key))
    with _alone() as is_alone:
        if not is_alone:
            return "Another export is running on this host. This one starts when it pauses."
        if not row.claim():
            return "The export has ended or is running on another host."
        WORK.run(row.get().pk, until=monotonic() + slices.SLICE_SECONDS)
    call_next()
    export = row.get()
    return f"{grouped(export.row_count)} rows written, {export.get_status_display().lower()}."


def _work(pk: UUID, until: float) -> bool:
    """Write a slice of a claimed export; return whether the export has ended."""
    export = Export.objects.select_related("created_by", "view_export__view").get(pk=pk)
    export.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write = _write_workbook if export.kind is Format.XLSX else _write_text
    if not write(export, _content(export), until):
        return False
    if Export.objects.filter(pk=pk).finish(Export.Status.COMPLETE) and export.view_export:
        view_exports.Changes(export.view_export).finish(export.row_count)
    return True


def _fail(pk: UUID, error: str) -> None:
    Export.objects.filter(pk=pk).finish(Export.Status.FAILED, error)
    delete_files(Export.objects.get(pk=pk))


def _content(export: Export) -> Content:
    """Return the exported list with the filters it started with, limited to the export's tenant."""
    if export.only_changes and not export.view_export:
        raise slices.Refused("The saved view was deleted. Start an export of the list.")
    definition = get_list(export.list_name)
    rows = definition.rows().filter(**{definition.tenant_path: export.tenant_id})
    base = export.output.rows(definition, rows)
    query = ListQuery.of_text(definition, export.query, export.created_by, base)
    known = query.definition.column_by_name
    columns = [known[name] for name in export.columns if name in known]
    picker = view_exports.Changes(export.view_export) if export.view_export else None
    return Content(query, export.output, columns, picker)


def _write_text(export: Export, content: Content, until: float) -> bool:
    """Append rows until the slice ends; return whether that completed the file."""
    kind, columns = export.kind, content.columns
    with _opened(export) as file:
        if not export.byte_count:
            file.write(text_head(kind, columns))
        for part in content.parts(export.cursor):
            file.write(text_rows(kind, columns, part.rows))
            file.flush()
            os.fsync(file.fileno())
            if not _record(export, part, byte_count=file.tell()):
                return False
            if part.cursor and not may_go_on(until):
                return _pause(export)
    return True


@contextmanager
def _opened(export: Export) -> Iterator[Any]:
    """Open the text file at its recorded length, truncating what a killed slice wrote beyond it."""
    export.path.touch(mode=0o600)
    with export.path.open("r+b") as file:
        file.truncate(export.byte_count)
        file.seek(export.byte_count)
        yield file


def _write_workbook(export: Export, content: Content, until: float) -> bool:
    """Write one complete workbook part; pack the parts after the last one and return True."""
    number, last, read = export.parts + 1, "", 0
    with export.part_path(number).open("w+b") as file:
        book = Workbook(file, content.columns)
        for part in content.parts(export.cursor):
            book.add(part.rows)
            read, last = read + part.read, part.cursor
            if not last or not may_go_on(until) or book.rows >= PART_ROWS:
                break
        book.close()
    workbook = Part(range(book.rows), read, last)
    truncated = export.truncated + book.truncated
    if not _record(export, workbook, parts=number, truncated=truncated):
        return False
    if last:
        return _pause(export)
    _pack(export)
    return True


def _pack(export: Export) -> None:
    """Assemble the finished file from its parts: one workbook, or a ZIP of several."""
    parts = [export.part_path(number) for number in range(1, export.parts + 1)]
    if len(parts) == 1:
        parts[0].replace(export.path)
        return
    with zipfile.ZipFile(export.path, "w", zipfile.ZIP_STORED) as archive:
        for number, part in enumerate(parts, start=1):
            archive.write(part, f"{export.list_name}-{number}.xlsx")
    for part in parts:
        part.unlink(missing_ok=True)


def _record(export: Export, part: Part, **facts: Any) -> bool:
    """Record the progress of an export; return False if it has been cancelled."""
    facts |= {
        "row_count": export.row_count + len(part.rows),
        "read_count": export.read_count + part.read,
        "cursor": part.cursor,
    }
    for name, value in facts.items():
        setattr(export, name, value)
    return Export.objects.filter(pk=export.pk, status=Export.Status.RUNNING).update(**facts) == 1


def _pause(export: Export) -> bool:
    Export.objects.filter(pk=export.pk).update(leased_until=None, served_at=timezone.now())
    return False


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold this host's lock for exports, without waiting for it."""
    folder = Path(settings.EXPORT_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def cancel_export(export: Export) -> bool:
    """Stop an export and delete its files; return False if it has already ended."""
    if not Export.objects.filter(pk=export.pk).finish(Export.Status.CANCELLED):
        return False
    delete_files(export)
    return True


def delete_files(export: Export) -> None:
    for path in export.folder.glob(f"{export.pk}.*"):
        path.unlink(missing_ok=True)


def delete_expired() -> int:
    """Delete expired exports and their files; return how many."""
    expired = list(Export.objects.filter(expires_at__lt=timezone.now())[:500])
    for export in expired:
        delete_files(export)
    Export.objects.filter(pk__in=[export.pk for export in expired]).delete()
    return len(expired)


WORK = slices.SlicedWork("export", "batches.tasks.run_export", _work, _fail)
