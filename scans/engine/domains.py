"""Read lists of domains, pasted or uploaded, into hosts to scan and lines to complain of."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scans.engine.csv_files import Row, UnreadableFile, decode_text, read_rows
from scans.engine.hostnames import (
    InvalidDomain,
    normalise,
    registrable_domain,
    same_site,
    without_port,
)

__all__ = [
    "AcceptedLine",
    "DomainList",
    "InvalidDomain",
    "RefusedLine",
    "UnreadableFile",
    "csv_columns",
    "decode_text",
    "normalise",
    "parse_csv",
    "parse_domains",
    "parse_values",
    "registrable_domain",
    "same_site",
    "without_port",
]

# Characters of a refused value that are kept for showing it.
MAX_SHOWN = 200

_LINE_END = re.compile(r"\r\n|\r|\n")
_LIST_MARKS = re.compile(r"[,;|]+")
_COMMENT = re.compile(r"(?:^|\s)#.*", re.DOTALL)
_HEADER_NAMES = (
    "domain", "domains", "domain name", "domainname", "company domain", "root domain", "website",
    "website url", "company website", "web site", "websites", "homepage", "home page", "webseite",
    "internetseite", "web", "site web", "sitio web", "site", "hostname", "host", "domaine",
    "dominio", "url", "urls", "base url", "link",
)  # fmt: skip
_GUESS_ROWS = 200
_GUESS_COLUMNS = 50


@dataclass(frozen=True, slots=True)
class AcceptedLine:
    """A host to scan and the line, counted from 1, that first named it."""

    host: str
    line: int


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A value that is no domain to scan: where it stands, what it says (cut), and why not."""

    line: int
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class DomainList:
    """What a list of domains came to; hosts are unique and in the order they were given."""

    accepted: tuple[AcceptedLine, ...]
    refused: tuple[RefusedLine, ...]
    duplicates: int


def parse_domains(text: str, allowed_networks: tuple[str, ...] = ()) -> DomainList:
    """Read a pasted text: domains or URLs parted by line ends, blanks, commas or semicolons.

    Blank lines are skipped, and so is what follows a `#` at the start of a line or after a blank.
    """
    return _collect(_pasted_values(text), allowed_networks)


def parse_values(values: Iterable[str], allowed_networks: tuple[str, ...] = ()) -> DomainList:
    """Read a list in which each value is one domain or URL; `line` is its place, from 1."""
    return _collect(enumerate(values, start=1), allowed_networks)


def csv_columns(data: bytes) -> list[str]:
    """Return the names of a CSV file's columns, `Column 1` and so on where it has no header.

    Raises UnreadableFile where the file cannot be read.
    """
    rows = read_rows(data)
    return _column_names(rows) if rows else []


def parse_csv(
    data: bytes, column: str | int | None = None, allowed_networks: tuple[str, ...] = ()
) -> DomainList:
    """Read one column of a CSV file: by name, by index from 0, or guessed where it is None.

    Guessed is the column with a telling name, else the one in which most cells are domains.
    Raises UnreadableFile where the file cannot be read or has no such column.
    """
    rows = read_rows(data)
    if not rows:
        raise UnreadableFile("The file is empty.")
    names = _column_names(rows)
    body = rows[1:] if _has_header(rows[0]) else rows
    index = _guess_column(names, body) if column is None else _column_index(names, column)
    return _collect(_column_values(body, index), allowed_networks)


def _collect(values: Iterable[tuple[int, str]], allowed_networks: tuple[str, ...]) -> DomainList:
    accepted: dict[str, AcceptedLine] = {}
    refused: list[RefusedLine] = []
    duplicates = 0
    for line, value in values:
        try:
            host = normalise(value, allowed_networks)
        except InvalidDomain as error:
            refused.append(RefusedLine(line, value[:MAX_SHOWN], str(error)))
            continue
        if host in accepted:
            duplicates += 1
        else:
            accepted[host] = AcceptedLine(host, line)
    return DomainList(tuple(accepted.values()), tuple(refused), duplicates)


def _pasted_values(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(_LINE_END.split(text), start=1):
        if "#" in line:
            line = _COMMENT.sub("", line, count=1)
        for word in line.split():
            for value in _split_word(word):
                yield number, value


def _split_word(word: str) -> list[str]:
    """Part `a.com,b.com;c.com`, but leave a comma inside a URL's path where it belongs."""
    pieces = [piece for piece in _LIST_MARKS.split(word) if _says_something(piece)]
    if len(pieces) < 2 or "/" not in word:
        return pieces
    kept: list[str] = []
    has_path = False
    for piece in pieces:
        if has_path and not _reads(piece):
            continue
        kept.append(piece)
        has_path = "/" in piece.partition("://")[2]
    return kept


def _says_something(piece: str) -> bool:
    """Say whether a piece is more than blanks and invisible characters."""
    return piece != "" and (piece.isascii() or any(map(str.isprintable, piece)))


def _reads(value: str) -> bool:
    try:
        normalise(value)
    except InvalidDomain:
        return False
    return True


def _column_values(rows: list[Row], index: int) -> Iterator[tuple[int, str]]:
    for row in rows:
        cell = row.cells[index].strip() if index < len(row.cells) else ""
        if not cell:
            continue
        several = [value for word in cell.split() for value in _split_word(word)]
        if len(several) > 1 and _reads(several[0]):
            yield from ((row.line, value) for value in several)
        else:
            yield row.line, cell


def _column_names(rows: list[Row]) -> list[str]:
    width = max(len(row.cells) for row in rows[:_GUESS_ROWS])
    header = rows[0].cells if _has_header(rows[0]) else []
    names = [cell.strip() for cell in header] + [""] * (width - len(header))
    return [name or f"Column {number}" for number, name in enumerate(names, start=1)]


def _has_header(first: Row) -> bool:
    """Say whether the first row names columns rather than holding a domain.

    A single unknown word alone in its row is taken for a value: better refused than lost.
    """
    if any(_is_header_name(cell) for cell in first.cells):
        return True
    return len(first.cells) > 1 and not any(_reads(cell) for cell in first.cells[:_GUESS_COLUMNS])


def _is_header_name(cell: str) -> bool:
    return _plain(cell) in _HEADER_NAMES


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _column_index(names: list[str], column: str | int) -> int:
    if isinstance(column, int):
        if 0 <= column < len(names):
            return column
        raise UnreadableFile(f"The file has {len(names)} columns; there is no number {column + 1}.")
    wanted = _plain(column)
    for index, name in enumerate(names):
        if _plain(name) == wanted:
            return index
    raise UnreadableFile(f"The file has no column named “{column[:MAX_SHOWN]}”.")


def _guess_column(names: list[str], rows: list[Row]) -> int:
    plain = [_plain(name) for name in names]
    for known in _HEADER_NAMES:
        if known in plain:
            return plain.index(known)
    sample = rows[:_GUESS_ROWS]
    hits = [_hits(sample, index) for index in range(len(names[:_GUESS_COLUMNS]))]
    if not hits or max(hits) == 0:
        raise UnreadableFile("No column of the file holds domains.")
    return hits.index(max(hits))


def _hits(rows: list[Row], index: int) -> int:
    return sum(index < len(row.cells) and _reads(row.cells[index]) for row in rows)
