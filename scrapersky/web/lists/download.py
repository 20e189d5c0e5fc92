"""Download a list with its filters, columns and order, in any format."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, Protocol

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from scrapersky.web.lists.columns import Column, plain
from scrapersky.web.lists.formats import Format, text_head, text_rows
from scrapersky.web.lists.outputs import Output
from scrapersky.web.lists.query import ListQuery
from scrapersky.web.lists.workbook import Workbook
from scrapersky.web.text import printable

# Maximum rows of an export that is streamed directly; larger ones run in the background.
MOST_STREAMED = 5_000
CHUNK = 2_000
# The same where each row brings many more, such as the contacts of a domain.
CHUNK_OF_MANY = 400
# Seconds for the query of a part.
SECONDS = 15.0


class Picker(Protocol):
    """Selects the rows to export, such as changed ones, by means of certain columns."""

    columns: Sequence[Column]

    def pick(self, rows: Sequence[Any]) -> Sequence[Any]: ...

    def finish(self, row_count: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Part:
    """Rows to write, the number of rows read for them, and the cursor of the next part."""

    rows: Sequence[Any]
    read: int
    cursor: str


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows a file has, and how many of its texts were cut to fit into their cells."""

    rows: int
    truncated: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """The content of an export: the rows of a query, the columns of an output, and a picker."""

    query: ListQuery
    output: Output
    selected: Sequence[Column]
    picker: Picker | None = None

    @property
    def columns(self) -> Sequence[Column]:
        return self.output.columns(self.selected)

    def workbook(self, file: BinaryIO, folder: str = "") -> Workbook:
        """Return a workbook to be written, which states the filter and the time."""
        filters = ", ".join(f"{chip.label}: {chip.value}" for chip in self.query.chips())
        about = f"Filter: {filters or 'none'}. Read from {plain(timezone.now())} on."
        return Workbook(file, self.columns, about=printable(about), folder=folder)

    def parts(self, cursor: str = "") -> Iterator[Part]:
        """Yield the rows in parts; the last one has no cursor.

        No database transaction or cursor stays open between parts.
        """
        needed = [*self.columns, *(self.picker.columns if self.picker else ())]
        size = CHUNK_OF_MANY if any(column.prefetch for column in needed) else CHUNK
        while True:
            page = self.query.page(
                needed, size=size, cursor=cursor, seconds=SECONDS, for_cells=False
            )
            rows = self.picker.pick(page.rows) if self.picker else page.rows
            yield Part(rows, len(page.rows), page.next)
            if not page.next:
                return
            cursor = page.next

    def text(self) -> Iterator[bytes]:
        """Yield the parts of a text format, the head with the first; then the picker finishes."""
        count, head = 0, text_head(self.output.kind, self.columns)
        for part in self.parts():
            count += len(part.rows)
            yield head + text_rows(self.output.kind, self.columns, part.rows)
            head = b""
        self._finish(count)

    def write_to(self, file: BinaryIO) -> Written:
        """Write all rows in the output's format."""
        if self.output.kind is Format.XLSX:
            return self._write_workbook(file)
        rows = 0
        file.write(text_head(self.output.kind, self.columns))
        for part in self.parts():
            file.write(text_rows(self.output.kind, self.columns, part.rows))
            rows += len(part.rows)
        self._finish(rows)
        return Written(rows)

    def _write_workbook(self, file: BinaryIO) -> Written:
        book = self.workbook(file)
        for part in self.parts():
            book.add(part.rows)
        book.close()
        self._finish(book.rows)
        return Written(book.rows, book.truncated)

    def _finish(self, row_count: int) -> None:
        if self.picker:
            self.picker.finish(row_count)


def stream(content: Content) -> HttpResponseBase:
    """Return a list as a download of at most `MOST_STREAMED` rows.

    The first part is read here, so that QueryTooSlow is raised before the response starts.
    """
    kind = content.output.kind
    response: HttpResponseBase
    if kind is Format.XLSX:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by the response)
        content.write_to(file)
        file.seek(0)
        response = FileResponse(file, content_type=kind.content_type)
    else:
        parts = content.text()
        first = next(parts)
        response = StreamingHttpResponse(chain([first], parts), content_type=kind.content_type)
    name = file_name(content.query.definition.name, content.output)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_name(list_name: str, output: Output) -> str:
    """Return the file name of a download: the list, the recipe and the date."""
    recipe = f"-{output.recipe.name}" if output.recipe else ""
    return f"{list_name}{recipe}-{timezone.now():%Y-%m-%d}.{output.kind.suffix}"
