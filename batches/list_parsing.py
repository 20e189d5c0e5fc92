"""Read the lists of domains that people paste and upload."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import IO, Any

from django.conf import settings

from batches.models import BatchList
from batches.services import at_once_limit
from scans.engine.lists.collection import (
    MAX_ENTRIES,
    ParsedList,
    RejectedLine,
    collect,
    read_file,
    read_text,
)
from scans.engine.lists.decoding import text_blocks
from scans.engine.lists.json_lines import JsonLineReader
from scans.engine.lists.kept_rows import KeptRows, RowLimits
from scans.engine.lists.reader import ListReader
from scans.engine.lists.structure import Structure

TABLES = (".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
# File types offered in the browser's dialog; the content decides what a file is.
FILE_TYPES = ",".join((".txt", *TABLES, ".json", ".jsonl", ".ndjson", ".zip"))
# Maximum number of entries of a list that is read while the user waits.
MAX_ENTRIES_AT_ONCE = 300_000
# Maximum bytes of columns of a list whose batch is created while the user waits.
MAX_ROW_BYTES_AT_ONCE = 100_000_000
_CHUNK = 262_144


def read_pasted(
    text: str,
    *,
    column: str = "",
    without_limit: bool = False,
    structure: Structure | None = None,
    keep: KeptRows | None = None,
) -> ParsedList:
    """Read a pasted list, up to the size that is read while the user waits unless `without_limit`.

    `column`, `structure` and `keep` are as for `read_upload`. Raises `ListTooLong` for a longer
    list and `UnreadableFile` if the column does not exist.
    """
    return read_text(
        text,
        column=_column(column),
        structure=structure,
        allowed_networks=settings.SCAN_ALLOWED_NETWORKS,
        max_hosts=settings.MAX_DOMAINS_PER_BATCH if without_limit else at_once_limit(),
        max_entries=MAX_ENTRIES if without_limit else _entries_at_once(),
        keep=keep,
    )


def read_upload(
    chunks: Iterable[bytes],
    *,
    filename: str,
    column: str = "",
    sheet: str = "",
    structure: Structure | None = None,
    keep: KeptRows | None = None,
) -> ParsedList:
    """Read an uploaded list from chunks of bytes, up to the size that is read while the user waits.

    It is read as a table if its file name says so, if a column is given, or if it looks like one.
    `column` is a name or a number from 1; if empty, the column is detected from its values, and
    without `sheet` so is the sheet of a workbook. `structure` receives the available sheets and
    columns. The rows of a table are added to `keep` with all of their columns. Raises
    `UnreadableFile` with a message for the user, and `ListTooLong` for a list that is too long to
    read while the user waits.
    """
    return read_file(
        chunks,
        is_table=is_table(filename),
        column=_column(column),
        sheet=sheet,
        structure=structure,
        allowed_networks=settings.SCAN_ALLOWED_NETWORKS,
        max_hosts=at_once_limit(),
        max_entries=_entries_at_once(),
        keep=keep,
    )


def read_json_lines(chunks: Iterable[bytes], *, keep: KeptRows | None = None) -> ParsedList:
    """Read JSON Lines in the same way as `read_upload` reads a file."""
    reader = JsonLineReader(text_blocks(chunks), allowed_networks=settings.SCAN_ALLOWED_NETWORKS)
    return collect(reader, at_once_limit(), _entries_at_once(), keep)


def kept_rows(*, is_wanted: bool = True, only_counts: bool = False) -> KeptRows | None:
    """Return the storage for the rows of a list; with `only_counts` it only checks the limits."""
    if not is_wanted:
        return None
    limits = row_limits()
    at_once = MAX_ROW_BYTES_AT_ONCE if may_be_larger() else limits.bytes
    return KeptRows(limits, at_once, only_counts=only_counts)


def row_limits() -> RowLimits:
    """Return the limits on columns stored with a batch."""
    return RowLimits(settings.MAX_ROWS_PER_BATCH, settings.MAX_ROW_BYTES_PER_BATCH)


def reader_of_saved(waiting: BatchList, chunks: Iterable[bytes]) -> ListReader | JsonLineReader:
    """Return a reader for a saved list that continues at the last line read."""
    networks, blocks = settings.SCAN_ALLOWED_NETWORKS, text_blocks(chunks, sheet=waiting.sheet)
    if waiting.is_json_lines:
        return JsonLineReader(
            blocks,
            allowed_networks=networks,
            first_line=waiting.line,
            names=waiting.batch.list_columns or (),
        )
    return ListReader(
        blocks,
        is_table=waiting.is_table,
        column=_column(waiting.column),
        allowed_networks=networks,
        first_line=waiting.line,
    )


def is_table(filename: str) -> bool | None:
    """Return True if the file name says that it is a table, or None to decide by content."""
    return filename.lower().endswith(TABLES) or None


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of an open file."""
    while chunk := file.read(_CHUNK):
        yield chunk


def may_be_larger() -> bool:
    """Return whether a list that is too long to read immediately may still become a batch."""
    return at_once_limit() < settings.MAX_DOMAINS_PER_BATCH


def _entries_at_once() -> int:
    return MAX_ENTRIES_AT_ONCE if may_be_larger() else MAX_ENTRIES


def _column(column: str) -> str | int | None:
    return int(column) - 1 if column.isascii() and column.isdigit() else column or None


def rejections(domains: ParsedList) -> dict[str, Any]:
    """Return metadata about the rejected lines for the batch.

    The keys are those that the API has returned since its first version.
    """
    if not domains.rejected_count and not domains.duplicates:
        return {}
    return {
        "refused": [asdict(line) for line in domains.rejected],
        "refused_count": domains.rejected_count,
        "duplicates": domains.duplicates,
    }


def rejected_of(metadata: dict[str, Any]) -> ParsedList:
    """Return a batch's metadata about rejected lines, as stored by `rejections`."""
    lines = tuple(RejectedLine(**line) for line in metadata.get("refused", ()))
    return ParsedList((), lines, metadata.get("refused_count", 0), metadata.get("duplicates", 0))
