"""Take in the lists of domains that people paste and upload."""

from dataclasses import asdict
from typing import Any

from django.conf import settings

from scans.engine.domains import (
    DomainList,
    UnreadableFile,
    csv_columns,
    decode_text,
    parse_csv,
    parse_domains,
)

KEPT_REFUSALS = 1_000
TABLES = (".csv", ".tsv")
MAX_NAMED_COLUMNS = 12


def read_pasted(text: str) -> DomainList:
    """Read a pasted list."""
    return parse_domains(text, settings.SCAN_ALLOWED_NETWORKS)


def read_upload(data: bytes, *, filename: str, column: str = "") -> DomainList:
    """Read an uploaded list: a table where its name ends so or a column is asked for.

    `column` is a name, or a number from 1; empty lets the domain column be guessed. Raises
    `UnreadableFile` with a sentence.
    """
    networks = settings.SCAN_ALLOWED_NETWORKS
    if not column and not filename.lower().endswith(TABLES):
        return parse_domains(decode_text(data), networks)
    try:
        return parse_csv(data, _column(column), networks)
    except UnreadableFile as error:
        raise UnreadableFile(f"{error}{_columns_there(data)}") from error


def _column(column: str) -> str | int | None:
    return int(column) - 1 if column.isascii() and column.isdigit() else column or None


def _columns_there(data: bytes) -> str:
    """Name the columns of a file, for somebody who asked for one that it does not have."""
    try:
        names = csv_columns(data)[:MAX_NAMED_COLUMNS]
    except UnreadableFile:
        return ""
    return f" Its columns are: {', '.join(names)}." if len(names) > 1 else ""


def refusals(domains: DomainList) -> dict[str, Any]:
    """Return what a batch remembers of the lines that were left out, as its metadata."""
    if not domains.refused and not domains.duplicates:
        return {}
    return {
        "refused": [asdict(line) for line in domains.refused[:KEPT_REFUSALS]],
        "refused_count": len(domains.refused),
        "duplicates": domains.duplicates,
    }
