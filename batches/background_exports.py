"""Run exports in slices of less than 30 s; each records where it stopped and queues the next.

Slices page by keyset, so no cursor or transaction stays open between two of them, and run one at a
time per worker host. A slice that dies is repeated from the last recorded row: a text file is cut
to its recorded length, a workbook part is written anew.
"""

import fcntl
import logging
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
from django.http import QueryDict
from django.utils import timezone
from django_q.tasks import async_task

from batches.models import Export
from scrapersky.tenants.access import tenant_for_new_rows, writable_tenants
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.lists import ListDefinition, ListQuery, QueryTooSlow, get_list
from scrapersky.web.lists.columns import Column
from scrapersky.web.lists.download import pages_of
from scrapersky.web.lists.formats import Format, Workbook, text_head, text_rows
from scrapersky.web.stopping import may_go_on

logger = logging.getLogger(__name__)

TASK = "batches.tasks.run_export"
SLICE_SECONDS = 20.0
# Rows of one workbook; Excel takes a million, and a part is written within one slice.
PART_ROWS = 100_000


def create_export(
    *, user: User, definition: ListDefinition, query: str, columns: list[str], kind: Format
) -> Export:
    """Queue an export of a list as a query string asks for it.

    It holds the rows of one tenant: the one that the query names, or the user's first. Raises
    ValidationError for a filter or column that cannot be used, and PermissionDenied for a user who
    may write nowhere.
    """
    tenant = _tenant_of(user, query)
    list_query = ListQuery.of_text(definition, query, user)
    if list_query.errors:
        raise ValidationError(list_query.errors)
    if unknown := [name for name in columns if name not in definition.column_by_name]:
        raise ValidationError({"columns": f"There is no column “{unknown[0][:50]}”."})
    with transaction.atomic():
        export = Export.objects.create(
            tenant=tenant,
            created_by=user,
            list_name=definition.name,
            query=list_query.filter_query,
            columns=columns or list(definition.default_columns),
            format=kind.value,
            expected=_expected(list_query),
        )
        transaction.on_commit(call_next, robust=True)
    return export


def _tenant_of(user: User, query: str) -> Tenant:
    """Return the tenant that the query names, else the first in which the user may write."""
    named = QueryDict(query).get("tenant", "")
    tenants = list(writable_tenants(user).order_by("pk")[:1000]) if named else []
    chosen = next((tenant for tenant in tenants if str(tenant.pk) == named), None)
    return chosen or tenant_for_new_rows(user)


def _expected(query: ListQuery) -> int:
    try:
        return query.count().rows
    except QueryTooSlow:
        return 0


def call_next() -> None:
    """Queue a slice of the export that was served least recently, if any is due."""
    if export := Export.objects.due().first():
        async_task(TASK, str(export.pk), task_name=f"export {export.list_name}", group="export")


def run_slice(key: str) -> str:
    """Write a part of an export; return a sentence for the queue's list of tasks."""
    with _alone() as is_alone:
        if not is_alone:
            return "Another export is running on this host; it queues this one when it pauses."
        row = Export.objects.filter(pk=UUID(key))
        if not row.claim():
            return "The export has ended, or another host is at it."
        export = row.get()
        _run(export)
    call_next()
    export.refresh_from_db()
    return f"{export.row_count:,} rows written, {export.get_status_display().lower()}."


def _run(export: Export) -> None:
    try:
        export.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_done = _write_workbook(export) if export.kind is Format.XLSX else _write_text(export)
        if is_done:
            Export.objects.filter(pk=export.pk).finish(Export.Status.COMPLETE)
    except Exception as error:  # where a slice ends, so that the export ends with its true cause
        logger.exception("export=%s failed", export.pk)
        message = f"{type(error).__name__}: {error}"
        if isinstance(error, OSError):
            message = f"The file could not be written: {error.strerror or error}."
        Export.objects.filter(pk=export.pk).finish(Export.Status.FAILED, message)
        delete_files(export)


def _query(export: Export) -> tuple[ListQuery, list[Column]]:
    """Return the list as it was when the export started, limited to the export's tenant."""
    definition = get_list(export.list_name)
    base = definition.rows().filter(**{definition.tenant_path: export.tenant_id})
    query = ListQuery.of_text(definition, export.query, export.created_by, base)
    known = definition.column_by_name
    columns = [known[name] for name in export.columns if name in known]
    return query, columns


def _write_text(export: Export) -> bool:
    """Append rows until the slice is over; return whether these were the last ones."""
    query, columns = _query(export)
    end = monotonic() + SLICE_SECONDS
    with _opened(export) as file:
        if not export.byte_count:
            file.write(text_head(export.kind, columns))
        for rows, cursor in pages_of(query, columns, cursor=export.cursor):
            file.write(text_rows(export.kind, columns, rows))
            file.flush()
            os.fsync(file.fileno())
            if not _record(export, rows=len(rows), cursor=cursor, byte_count=file.tell()):
                return False
            if cursor and not may_go_on(end):
                return _pause(export)
    return True


@contextmanager
def _opened(export: Export) -> Iterator[Any]:
    """Open the text file at its recorded end; what a killed slice wrote beyond is cut off."""
    export.path.touch(mode=0o600)
    with export.path.open("r+b") as file:
        file.truncate(export.byte_count)
        file.seek(export.byte_count)
        yield file


def _write_workbook(export: Export) -> bool:
    """Write one complete workbook part; return whether it was the last, and then pack them."""
    query, columns = _query(export)
    end = monotonic() + SLICE_SECONDS
    number, last, count = export.parts + 1, "", 0
    part = export.part_path(number)
    with part.open("w+b") as file:
        book = Workbook(file, columns)
        for rows, cursor in pages_of(query, columns, cursor=export.cursor):
            book.add(rows)
            count, last = count + len(rows), cursor
            if not cursor or not may_go_on(end) or count >= PART_ROWS:
                break
        book.close()
    export.truncated += book.truncated
    if not _record(export, rows=count, cursor=last, parts=number, truncated=export.truncated):
        return False
    if last:
        return _pause(export)
    _pack(export)
    return True


def _pack(export: Export) -> None:
    """Make the finished file of the parts: the only workbook itself, or a ZIP of several."""
    parts = [export.part_path(number) for number in range(1, export.parts + 1)]
    if len(parts) == 1:
        parts[0].replace(export.path)
        return
    with zipfile.ZipFile(export.path, "w", zipfile.ZIP_STORED) as archive:
        for number, part in enumerate(parts, start=1):
            archive.write(part, f"{export.list_name}-{number}.xlsx")
    for part in parts:
        part.unlink(missing_ok=True)


def _record(export: Export, *, rows: int, **facts: Any) -> bool:
    """Record how far an export is; False if it was cancelled meanwhile."""
    export.row_count += rows
    for name, value in facts.items():
        setattr(export, name, value)
    row = Export.objects.filter(pk=export.pk, status=Export.Status.RUNNING)
    return row.update(row_count=export.row_count, **facts) == 1


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
    """Stop an export and delete what it wrote; False if it has ended."""
    if not Export.objects.filter(pk=export.pk).finish(Export.Status.CANCELLED):
        return False
    delete_files(export)
    return True


def delete_files(export: Export) -> None:
    for path in export.folder.glob(f"{export.pk}.*"):
        path.unlink(missing_ok=True)


def delete_expired() -> int:
    """Delete exports that are past their date, with their files; return how many."""
    expired = list(Export.objects.filter(expires_at__lt=timezone.now())[:500])
    for export in expired:
        delete_files(export)
    Export.objects.filter(pk__in=[export.pk for export in expired]).delete()
    return len(expired)
