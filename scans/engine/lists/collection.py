"""Collect the entries of a list of domains: hosts to scan, and rejected lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scans.engine.lists.decoding import split_text, text_blocks
from scans.engine.lists.errors import ListTooLong, UnreadableFile
from scans.engine.lists.kept_rows import KeptRows, TooManyColumns
from scans.engine.lists.reader import Entry, ListReader, cell_values, read_entry
from scans.engine.lists.structure import Structure

# Maximum number of rejected lines kept; others are only counted.
KEPT_REJECTIONS = 1_000
# Maximum number of entries in a list, and of hosts unless another limit is given.
MAX_ENTRIES = 3_000_000
# Maximum length of a rejected value kept for display.
MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class AcceptedLine:
    """A host to scan and the line, counted from 1, that first named it."""

    host: str
    line: int


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A rejected value: its line, its truncated text, and the reason."""

    line: int
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedList:
    """A parsed list; hosts are unique and in list order.

    `rejected` has the first 1,000 of `rejected_count` rejected lines.
    """

    accepted: tuple[AcceptedLine, ...]
    rejected: tuple[RejectedLine, ...]
    rejected_count: int
    duplicates: int
    # The first 1,000 of `duplicates` lines that repeat a host.
    repeated: tuple[AcceptedLine, ...] = ()
    # The rows of a table with all of its columns, if they are kept.
    rows: KeptRows | None = field(default=None, repr=False, compare=False)

    @property
    def hosts(self) -> list[str]:
        return [line.host for line in self.accepted]


def read_text(
    text: str,
    *,
    column: str | int | None = None,
    structure: Structure | None = None,
    allowed_networks: tuple[str, ...] = (),
    max_hosts: int = MAX_ENTRIES,
    max_entries: int = MAX_ENTRIES,
    keep: KeptRows | None = None,
) -> ParsedList:
    """Read a pasted list; a broken table is read as lines of values.

    `structure` receives the description of a table, and its rows are added to `keep`. Raises
    ListTooLong for more than `max_hosts` domains, and UnreadableFile if `column` does not exist.
    """
    for is_table in (None, False):
        reader = ListReader(
            split_text(text),
            is_table=is_table,
            column=column,
            allowed_networks=allowed_networks,
            structure=structure,
        )
        try:
            return collect(reader, max_hosts, max_entries, keep)
        except (ListTooLong, TooManyColumns):
            raise
        except UnreadableFile:
            if column is not None:
                raise
            if keep is not None:
                keep.clear()
    raise AssertionError("Lines of values are always readable.")


def read_file(
    chunks: Iterable[bytes],
    *,
    is_table: bool | None = None,
    column: str | int | None = None,
    sheet: str = "",
    structure: Structure | None = None,
    allowed_networks: tuple[str, ...] = (),
    max_hosts: int = MAX_ENTRIES,
    max_entries: int = MAX_ENTRIES,
    keep: KeptRows | None = None,
) -> ParsedList:
    """Read the bytes of a file; `ListReader` and `text_blocks` describe the parameters.

    The rows of a table are added to `keep`. Raises UnreadableFile if it cannot be read or has no
    such sheet or column.
    """
    structure = structure or Structure()
    reader = ListReader(
        text_blocks(chunks, sheet=sheet, structure=structure),
        is_table=is_table,
        column=column,
        allowed_networks=allowed_networks,
        structure=structure,
    )
    return collect(reader, max_hosts, max_entries, keep)


def read_values(values: Iterable[str], *, allowed_networks: tuple[str, ...] = ()) -> ParsedList:
    """Read values that are one domain or URL each; their lines are numbered from 1."""
    entries = (
        read_entry(position, value, allowed_networks)
        for position, cell in enumerate(values, start=1)
        for value in cell_values(cell)
    )
    return collect(entries)


def collect(
    entries: Iterable[Entry],
    max_hosts: int = MAX_ENTRIES,
    max_entries: int = MAX_ENTRIES,
    keep: KeptRows | None = None,
) -> ParsedList:
    """Sort entries into a ParsedList. Raises ListTooLong at the first entry over a limit.

    With `keep`, `entries` must be the list's reader, whose `names` are the column names.
    """
    accepted: dict[str, AcceptedLine] = {}
    rejected: list[RejectedLine] = []
    repeated: list[AcceptedLine] = []
    rejected_count = duplicates = 0
    for entry in _limited(entries, min(max_entries, MAX_ENTRIES)):
        if keep is not None and entry.starts_row:
            keep.add(entry)
        if entry.reason:
            rejected_count += 1
            if len(rejected) < KEPT_REJECTIONS:
                rejected.append(RejectedLine(entry.line, entry.text[:MAX_SHOWN], entry.reason))
        elif entry.host in accepted:
            duplicates += 1
            if duplicates <= KEPT_REJECTIONS:
                repeated.append(AcceptedLine(entry.host, entry.line))
        elif entry.host:
            accepted[entry.host] = AcceptedLine(entry.host, entry.line)
            if len(accepted) > max_hosts:
                raise ListTooLong(f"The list has more than {max_hosts:,} domains. Split it.")
    if keep is not None:
        keep.names = list(getattr(entries, "names", ()))
    return ParsedList(
        tuple(accepted.values()),
        tuple(rejected),
        rejected_count,
        duplicates,
        tuple(repeated),
        keep if keep is not None and keep.count and not keep.only_counts else None,
    )


def _limited(entries: Iterable[Entry], most: int) -> Iterator[Entry]:
    for count, entry in enumerate(entries):
        if count == most:
            raise ListTooLong(f"The list has more than {most:,} entries. Split it.")
        yield entry
