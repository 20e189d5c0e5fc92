"""Download what a list shows: its filters, its columns, its order, in any format."""

import tempfile
from collections.abc import Iterator
from typing import Any

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from scrapersky.web.lists.columns import Column
from scrapersky.web.lists.formats import Format, Workbook, text_head, text_rows
from scrapersky.web.lists.query import ListQuery

# Rows up to which an export is streamed at once; a larger one runs in the background.
MOST_STREAMED = 5_000
CHUNK = 500


def pages_of(
    query: ListQuery, columns: list[Column], *, seconds: float = 60.0, cursor: str = ""
) -> Iterator[tuple[list[Any], str]]:
    """Yield the rows of a list in parts, each with the cursor of the next; empty at the end.

    No transaction or cursor stays open between two parts.
    """
    while True:
        page = query.page(columns, size=CHUNK, cursor=cursor, seconds=seconds)
        yield page.rows, page.next
        if not page.next:
            return
        cursor = page.next


def stream(query: ListQuery, columns: list[Column], kind: Format) -> HttpResponseBase:
    """Return a list as a download; at most `MOST_STREAMED` rows are expected."""
    response: HttpResponseBase
    if kind is Format.XLSX:
        response = FileResponse(_workbook(query, columns), content_type=kind.content_type)
    else:
        response = StreamingHttpResponse(
            _lines(query, columns, kind), content_type=kind.content_type
        )
    name = file_name(query, kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_name(query: ListQuery, kind: Format) -> str:
    """Return the name of a download: the list and the day."""
    return f"{query.definition.name}-{timezone.now():%Y-%m-%d}.{kind.suffix}"


def bad_format(name: str) -> HttpResponse:
    kinds = ", ".join(kind.value for kind in Format)
    text = f"There is no format “{name[:50]}”. Use one of {kinds}."
    return HttpResponse(text, status=422, content_type="text/plain; charset=utf-8")


def _lines(query: ListQuery, columns: list[Column], kind: Format) -> Iterator[bytes]:
    yield text_head(kind, columns)
    for rows, _ in pages_of(query, columns):
        yield text_rows(kind, columns, rows)


def _workbook(query: ListQuery, columns: list[Column]) -> Any:
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    book = Workbook(file, columns)
    for rows, _ in pages_of(query, columns):
        book.add(rows)
    book.close()
    file.seek(0)
    return file
