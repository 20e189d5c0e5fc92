"""Report what a conversion did: a line for each table, examples, and every id in a file."""

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from batches.legacy.context import Context, LegacyError
from batches.legacy.sources import TABLES_OF

HEAD = ("what", "kind", "integer", "original", "uuid", "how")
SHOWN = 3
# The format of an id: its prefix and the kind of the rest.
SHAPE = r"""
regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(original,
    '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}', '<uuid>', 'g'),
    '[0-9a-fA-F]{32}', '<32 hex>', 'g'), '[0-9a-fA-F]{12}', '<12 hex>', 'g'),
    '[0-9a-fA-F]{8}', '<8 hex>', 'g'), '(?<![<0-9])[0-9]+', '<digits>', 'g')"""


@dataclass
class Table:
    """How the ids of one table were converted."""

    kind: str
    table: str
    rows: int
    by_how: dict[str, int] = field(default_factory=dict)
    # (format, count, example)
    shapes: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def converted(self) -> int:
        return sum(count for how, count in self.by_how.items() if how != "alias")


@dataclass(frozen=True)
class Topic:
    """A kind of notice, with its count and examples."""

    topic: str
    count: int
    examples: list[str]


def tables(context: Context, *, with_shapes: bool) -> list[Table]:
    """Return, per table, how its ids were converted in this run."""
    results = []
    for kind, older in TABLES_OF.items():
        rows = sum(context.size(table) for table in older)
        by_how = {how: count for (of, how), count in sorted(context.tally.items()) if of == kind}
        shapes = _shapes(context, kind) if with_shapes else []
        results.append(Table(kind, " and ".join(older), rows, by_how, shapes))
    return results


def _shapes(context: Context, kind: str) -> list[tuple[str, int, str]]:
    """Return the formats of ids other than plain UUIDs, most frequent first."""
    return [
        (shape, count, example)
        for shape, count, example in context.rows(
            f"SELECT {SHAPE} AS shape, count(*), min(original) FROM {context.map} m "
            f"WHERE {context.is_fresh()} AND kind = %s AND original IS NOT NULL AND how <> 'alias' "
            "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20",
            [kind],
        )
    ]


def topics(context: Context) -> list[Topic]:
    """Return the notes by topic, with examples."""
    results = context.rows(
        "SELECT topic, count(*), (array_agg(concat_ws(' ', kind, integer, quote_literal(original), "
        f"detail) ORDER BY kind, integer, original))[1:{SHOWN}] FROM note GROUP BY 1 ORDER BY 1"
    )
    return [Topic(*row) for row in results]


def check_writable(path: str) -> None:
    """Raise `LegacyError` if the report file could not be written later."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise LegacyError(f"The report cannot be written: No such file or directory: {folder}")
    if Path(path).is_dir() or not os.access(folder, os.W_OK):
        raise LegacyError(f"The report cannot be written to {path}.")


def write(context: Context, path: str) -> None:
    """Write a CSV with a line per column, per id other than a plain UUID, and per note."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(HEAD)
        for fate in context.fates:
            lines.writerow(("column", fate.table, "", fate.column, fate.reason, fate.group))
        lines.writerows(_lines(context, _IDS.format(map=context.map, fresh=context.is_fresh())))
        lines.writerows(_lines(context, _NOTES))


_IDS = """
SELECT 'id', kind, integer, original, uuid::text, how FROM {map} m
WHERE {fresh} AND how <> 'uuid' ORDER BY id"""
_NOTES = "SELECT topic, kind, integer, original, detail, '' FROM note ORDER BY topic, kind, integer"


def _lines(context: Context, query: str) -> Iterable[tuple]:
    for rows in context.chunks(query):
        yield from rows
