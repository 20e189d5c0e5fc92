"""Take in the lists of domains that people paste and upload."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import IO, Any

from django.conf import settings

from batches.services import MAX_DOMAINS
from scans.engine.lists.collection import DomainList, read_file, read_text

TABLES = (".csv", ".tsv", ".tab")
_CHUNK = 262_144


def read_pasted(text: str) -> DomainList:
    """Read a pasted list. Raises `UnreadableFile` for more than 100,000 domains."""
    networks = settings.SCAN_ALLOWED_NETWORKS
    return read_text(text, allowed_networks=networks, max_hosts=MAX_DOMAINS)


def read_upload(chunks: Iterable[bytes], *, filename: str, column: str = "") -> DomainList:
    """Read an uploaded list, given as chunks of bytes, and no further than its limits.

    It is a table where its name says so or a column is named, and where it looks like one. `column`
    is a name, or a number from 1; if it is empty, the column is chosen by its values. Raises
    `UnreadableFile` with a sentence for what cannot be read and for more than 100,000 domains.
    """
    return read_file(
        chunks,
        is_table=filename.lower().endswith(TABLES) or None,
        column=_column(column),
        allowed_networks=settings.SCAN_ALLOWED_NETWORKS,
        max_hosts=MAX_DOMAINS,
    )


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of an open file."""
    while chunk := file.read(_CHUNK):
        yield chunk


def _column(column: str) -> str | int | None:
    return int(column) - 1 if column.isascii() and column.isdigit() else column or None


def rejections(domains: DomainList) -> dict[str, Any]:
    """Return what a batch remembers of the lines that were left out, as its metadata.

    The keys are those that the API has returned since its first version.
    """
    if not domains.rejected_count and not domains.duplicates:
        return {}
    return {
        "refused": [asdict(line) for line in domains.rejected],
        "refused_count": domains.rejected_count,
        "duplicates": domains.duplicates,
    }
