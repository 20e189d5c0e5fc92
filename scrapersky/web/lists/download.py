"""Download a list with its filters, columns and order, in any format."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from scrapersky.web.lists.columns import Column
from scrapersky.web.lists.formats import Format, Workbook, text_head, text_rows
from scrapersky.web.lists.outputs import Output
from scrapersky.web.lists.query import ListQuery

# Maximum rows of an export that is streamed directly; larger ones run in the background.
MOST_STREAMED = 5_000
CHUNK = 500
# Time limit in seconds for the query of a part.
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
class Content:
    """The content of an export: the rows of a query, the columns of an output, and a picker."""

    query: ListQuery
    output: Output
    selected: Sequence[Column]
    picker: Picker | None = None

    @property
    def columns(self) -> Sequence[Column]:
        return self.output.columns(self.selected)

    def parts(self, cursor: str = "") -> Iterator[Part]:
        """Yield the rows in parts; the last one has no cursor.

        No database transaction or cursor stays open between parts.
        """
        needed = [*self.columns, *(self.picker.columns if self.picker else ())]
        while True:
            page = self.query.page(
                needed, size=CHUNK, cursor=cursor, seconds=SECONDS, for_cells=False
            )
            rows = self.picker.pick(page.rows) if self.picker else page.rows
            yield Part(rows, len(page.rows), page.next)
            if not page.next:
                return
            cursor = page.next

    def text(self) -> Iterator[bytes]:
        """Yield the lines of a text format; the picker finishes after the last one."""
        count = 0
        yield text_head(self.output.kind, self.columns)
        for part in self.parts():
            count += len(part.rows)
            yield text_rows(self.output.kind, self.columns, part.rows)
        self._finish(count)

    def write_to(self, file: BinaryIO) -> int:
        """Write all rows in the output's format; return their number."""
        if self.output.kind is not Format.XLSX:
            return self._write_text(file)
        book = Workbook(file, self.columns)
        for part in self.parts():
            book.add(part.rows)
        book.close()
        self._finish(book.rows)
        return book.rows

    def _write_text(self, file: BinaryIO) -> int:
        count = 0
        file.write(text_head(self.output.kind, self.columns))
        for part in self.parts():
            file.write(text_rows(self.output.kind, self.columns, part.rows))
            count += len(part.rows)
        self._finish(count)
        return count

    def _finish(self, row_count: int) -> None:
        if self.picker:
            self.picker.finish(row_count)


def stream(content: Content) -> HttpResponseBase:
    """Return a list as a download of at most `MOST_STREAMED` rows."""
    kind = content.output.kind
    response: HttpResponseBase
    if kind is Format.XLSX:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by the response)
        content.write_to(file)
        file.seek(0)
        response = FileResponse(file, content_type=kind.content_type)
    else:
        response = StreamingHttpResponse(content.text(), content_type=kind.content_type)
    name = file_name(content.query.definition.name, content.output)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_name(list_name: str, output: Output) -> str:
    """Return the file name of a download: the list, the recipe and the date."""
    recipe = f"-{output.recipe.name}" if output.recipe else ""
    return f"{list_name}{recipe}-{timezone.now():%Y-%m-%d}.{output.kind.suffix}"
