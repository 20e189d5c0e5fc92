"""The files of background exports, written slice by slice so that a killed one loses only its end.

A text file is cut to its recorded length before it grows on. A workbook cannot be reopened in
constant memory, so each slice writes a complete part of it, and the last one packs the parts.
"""

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.utils import timezone

from batches.models import Export
from scrapersky.web.lists.download import Content
from scrapersky.web.lists.formats import Format, text_head, text_rows
from scrapersky.web.stopping import may_go_on

# Rows of one workbook; Excel takes a million, and a part is written within one slice.
PART_ROWS = 100_000
# Seconds between two records of a text file: what a killed slice repeats.
RECORD_EVERY = 1.0
ORPHANED_AFTER = timedelta(days=1)


def write_slice(export: Export, content: Content, until: float) -> None:
    """Write rows up to a moment of the monotonic clock, or until the export is cancelled."""
    write = _write_workbook if export.kind is Format.XLSX else _write_text
    write(export, content, until)


def _write_text(export: Export, content: Content, until: float) -> None:
    due = monotonic() + RECORD_EVERY
    with _opened(export) as file:
        if not export.byte_count:
            file.write(text_head(export.kind, content.columns))
        for part in content.parts(export.cursor):
            file.write(text_rows(export.kind, content.columns, part.rows))
            export.advance(part)
            if export.is_read or not may_go_on(until):
                break
            if monotonic() > due:
                if not _record_text(export, file):
                    return
                due = monotonic() + RECORD_EVERY
        _record_text(export, file)


@contextmanager
def _opened(export: Export) -> Iterator[BinaryIO]:
    """Open the text file at its recorded end; what a killed slice wrote beyond is cut off."""
    export.path.touch(mode=0o600)
    with export.path.open("r+b") as file:
        file.truncate(export.byte_count)
        file.seek(export.byte_count)
        yield file


def _record_text(export: Export, file: BinaryIO) -> bool:
    file.flush()
    os.fsync(file.fileno())
    return export.record(byte_count=file.tell())


def _write_workbook(export: Export, content: Content, until: float) -> None:
    """Write one complete part."""
    number = export.parts + 1
    with _temporary_folder(export) as folder, export.part_path(number).open("w+b") as file:
        book = content.workbook(file, folder)
        for part in content.parts(export.cursor):
            book.add(part.rows)
            export.advance(part)
            if export.is_read or not may_go_on(until) or book.rows >= PART_ROWS:
                break
        book.close()
    export.record(parts=number, truncated=export.truncated + book.truncated)


@contextmanager
def _temporary_folder(export: Export) -> Iterator[str]:
    """Provide a folder beside the export, where its disk is; a killed slice may have left one."""
    path = export.folder / f"{export.pk}.temporary"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    try:
        yield str(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def assemble(export: Export) -> None:
    """Make the finished file from the parts: one workbook, or a ZIP of several.

    A slice that was killed in between is repeated: once a part is missing, the file is whole.
    """
    parts = [export.part_path(number) for number in range(1, export.parts + 1)]
    if all(part.exists() for part in parts):
        if export.is_zipped:
            _pack(export, parts)
        elif parts:
            parts[0].replace(export.path)
    for part in parts:
        part.unlink(missing_ok=True)


def _pack(export: Export, parts: list[Path]) -> None:
    unfinished = export.path.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        for number, part in enumerate(parts, start=1):
            archive.write(part, f"{export.list_name}-{number}.xlsx")
    unfinished.replace(export.path)


def open_finished(export: Export) -> BinaryIO:
    """Open the finished file of an export; raises Http404 for one that has none."""
    if not export.has_file:
        raise Http404(
            "The export has no file. It is not complete or has expired; export the list again."
        )
    return export.path.open("rb")


def delete_files(pk: UUID) -> None:
    """Delete everything that an export wrote."""
    for path in Path(settings.EXPORT_DIR).glob(f"{pk}.*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def delete_orphaned_files() -> None:
    """Delete day-old files of exports that were deleted, say with their tenant, or that failed."""
    oldest = (timezone.now() - ORPHANED_AFTER).timestamp()
    old = {pk for pk, changed in _files() if changed < oldest}
    wanted = Export.objects.filter(pk__in=old, status__in=[*Export.ACTIVE, Export.Status.COMPLETE])
    for pk in old - set(wanted.values_list("pk", flat=True)):
        delete_files(pk)


def _files() -> Iterator[tuple[UUID, float]]:
    """Yield the export that each file belongs to, and when the file was changed."""
    for path in Path(settings.EXPORT_DIR).glob("*-*.*"):
        with suppress(ValueError, FileNotFoundError):  # another file, or deleted meanwhile
            yield UUID(path.name.partition(".")[0]), path.stat().st_mtime
