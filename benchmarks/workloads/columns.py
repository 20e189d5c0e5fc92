"""Upload a spreadsheet, export its batch as a spreadsheet, and compare all cells."""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from benchmarks import workloads
from benchmarks.sites import host

workloads.setup_django()

import xlsxwriter  # noqa: E402  (models need the settings)
from django.conf import settings  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.urls import reverse  # noqa: E402
from python_calamine import CalamineWorkbook  # noqa: E402

from batches import building  # noqa: E402
from batches.background_exports import create_export, run_slice  # noqa: E402
from batches.line_list import LINES  # noqa: E402
from batches.models import Batch, Export  # noqa: E402
from benchmarks.workloads.create import _log_in  # noqa: E402
from benchmarks.workloads.exports import _peak_memory  # noqa: E402
from scrapersky.tenants.models import User  # noqa: E402
from scrapersky.web.lists.formats import Format  # noqa: E402
from scrapersky.web.lists.outputs import Output  # noqa: E402

FIRST_DAY = date(2020, 1, 1)
Cells = list[Any]


def main() -> None:
    spec = workloads.spec()
    with tempfile.TemporaryDirectory() as folder:
        settings.EXPORT_DIR = settings.LIST_DIR = folder
        source = Path(folder, "crm.xlsx")
        write_workbook(source, spec["rows"], spec["width"])
        started = workloads.now()
        figures = _round_trip(source, spec["width"])
        workloads.print_figures(started, workloads.now(), rows=spec["rows"], **figures)


def _round_trip(source: Path, width: int) -> dict[str, Any]:
    start = time.monotonic()
    batch, user = _create(source)
    created = time.monotonic()
    export = _export(batch, user)
    exported = time.monotonic()
    cells, different = compare(source, export, width)
    return {
        "created": created - start,
        "exported": exported - created,
        "peak": _peak_memory(),
        "cells": cells,
        "different": different,
    }


def table(count: int, width: int) -> Iterator[Cells]:
    """Yield a header, and rows with cells of every type; some rows are invalid or repeated."""
    yield ["Website", *(f"Field {column}" for column in range(1, width))]
    for number in range(count):
        name = {8: "localhost", 9: host(number - 1)}.get(number % 10, host(number))
        yield [name, *(_cell(number, column) for column in range(1, width))]


def _cell(number: int, column: int) -> Any:
    kinds = (
        f"value {number}, {column}",
        number * column,
        number / (column + 1) + 0.25,
        number % 2 == 0,
        FIRST_DAY + timedelta(days=number % 2_000),
        f"{number:07}",
        None,
        f"=1+{column}",
    )
    return kinds[(number + column) % len(kinds)]


def write_workbook(path: Path, count: int, width: int) -> None:
    """Write the table as XLSX, keeping texts as texts."""
    options = {"constant_memory": True, "strings_to_formulas": False}
    book = xlsxwriter.Workbook(str(path), options)
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for line, row in enumerate(table(count, width)):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(line, column, cell, day)
            else:
                sheet.write(line, column, cell)
    book.close()


def _create(source: Path) -> tuple[Batch, User]:
    """Upload a file through the form, and read the rest if it is large."""
    _, client = _log_in()
    upload = SimpleUploadedFile(source.name, source.read_bytes())
    client.post(reverse("batch_create"), {"file": upload, "keep_columns": "on"})
    batch = Batch.objects.select_related("created_by").get()
    building.build(batch.pk)
    if batch.created_by is None:
        sys.exit("The batch has no owner.")
    return batch, batch.created_by


def _export(batch: Batch, user: User) -> Export:
    export = create_export(
        user=user,
        definition=LINES,
        query=f"batch={batch.pk}",
        columns=[],
        output=Output(Format.XLSX),
    )
    while export.is_active:
        run_slice(str(export.pk))
        export.refresh_from_db()
    if export.status != export.Status.COMPLETE:
        sys.exit(export.error)
    return export


def compare(source: Path, export: Export, width: int) -> tuple[int, int]:
    """Return the number of cells in the source, and how many of them differ in the export."""
    cells = different = 0
    nothing: Cells = []
    for before, after in zip_longest(_rows([source]), _returned(export), fillvalue=nothing):
        cells += width
        different += sum(a != b for a, b in zip_longest(before[:width], after[:width]))
    return cells, different


def _returned(export: Export) -> Iterator[Cells]:
    if not export.is_zipped:
        yield from _rows([export.path])
        return
    with ZipFile(export.path) as archive:
        archive.extractall(export.folder)
        yield from _rows([export.folder / name for name in archive.namelist()])


def _rows(paths: list[Path]) -> Iterator[Cells]:
    """Yield the header of the first workbook and the rows of all of them."""
    for number, path in enumerate(paths):
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows()
        if number:
            next(rows)
        yield from rows


if __name__ == "__main__":
    main()
