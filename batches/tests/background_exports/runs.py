"""Start exports, run them to their end, and read their files."""

import io
import json
import zipfile
from typing import Any

import openpyxl

from batches.background_exports import create_export, run_slice
from batches.models import Export
from scans.lists import DOMAINS
from scrapersky.tenants.models import User
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import Output


def body(response: Any) -> bytes:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def start(user: User, kind: Format = Format.CSV, query: str = "", **kwargs: Any) -> Export:
    definition = kwargs.pop("definition", DOMAINS)
    columns = ["host"] if definition is DOMAINS else []
    return create_export(
        user=user,
        definition=definition,
        query=query,
        columns=columns,
        output=Output(kind),
        **kwargs,
    )


def run_to_end(export: Export) -> int:
    for number in range(1, 100):
        run_slice(str(export.pk))
        export.refresh_from_db()
        if not export.is_active:
            return number
    raise AssertionError("The export does not end.")


def hosts_in(export: Export) -> list[str]:
    """Return the first column of a finished file, without its head."""
    if export.is_zipped:
        with zipfile.ZipFile(export.path) as archive:
            names = sorted(archive.namelist(), key=lambda name: int(name.split("-")[1][:-5]))
            return [host for name in names for host in _hosts_of_workbook(archive.read(name))]
    if export.kind is Format.XLSX:
        return _hosts_of_workbook(export.path.read_bytes())
    lines = export.path.read_text().splitlines()
    if export.kind is Format.JSON_LINES:
        return [json.loads(line)["host"] for line in lines]
    return lines[1:]


def _hosts_of_workbook(content: bytes) -> list[str]:
    sheet: Any = openpyxl.load_workbook(io.BytesIO(content)).active
    return [row[0].value for row in sheet.iter_rows(min_row=2)]
