"""Describe a conversion or a verification to an operator, as lines of text."""

from collections.abc import Iterator
from typing import Any

from batches.legacy import columns
from batches.legacy.conversion import Outcome
from batches.legacy.reading import OlderTables
from batches.legacy.report import Table
from batches.legacy.verification import Verdict

# Ends the topics of rows that no run can convert.
LEFT_BEHIND = "was left behind"
HOW = {
    "uuid": "were UUIDs",
    "prefix": "held a UUID",
    "derived": "derived from their text",
    "integer": "derived from their integer",
    "collision": "collisions",
    "merged": "merged into another row",
    "existing": "already existed",
    "reconstructed": "reconstructed from references",
}


def intention(cursor: Any, older: OlderTables) -> Iterator[str]:
    """Yield lines about the conversion that is about to start."""
    yield f"The schema {older.schema} holds the tables of an older ScraperSky:"
    for table in older.present:
        cursor.execute(f"SELECT count(*) FROM {older.name(table)}")
        yield f"  {table}: {cursor.fetchone()[0]:,} rows"
    yield "Their rows are converted now, in one transaction; the older tables stay as they are."


def outcome(result: Outcome, *, dry_run: bool) -> Iterator[str]:
    """Yield lines about the result of a conversion."""
    if not result.converted:
        yield _nothing(result)
    for table in result.tables if result.converted else []:
        yield from _table(table)
    if result.converted:
        yield from columns.summary(result.fates)
        yield from _notes(result)
    yield from verdict(result.verdict if result.since is None else result.since)
    if result.since and result.since.faults:
        yield "The differences are in rows of earlier runs, changed since; new rows are kept."
    if dry_run:
        yield "A dry run: nothing was written."


def _nothing(result: Outcome) -> str:
    unconverted = sum(topic.count for topic in result.notes if topic.topic.endswith(LEFT_BEHIND))
    if not unconverted:
        return "Nothing to convert: every row of the legacy tables is already here."
    rows = f"{unconverted:,} row was" if unconverted == 1 else f"{unconverted:,} rows were"
    return (
        f"Nothing to convert: every row that can be carried over is already here; {rows} left "
        "behind, as --report names them."
    )


def _table(table: Table) -> Iterator[str]:
    summary = f"{table.table}: {table.rows:,} rows, {table.converted:,} ids converted"
    parts = [f"{table.by_how[how]:,} {text}" for how, text in HOW.items() if how in table.by_how]
    yield f"{summary} ({', '.join(parts)})" if parts else summary
    if "alias" in table.by_how:
        yield f"  {table.by_how['alias']:,} other names of these rows"
    for shape, count, example in table.shapes:
        yield f"  {count:>9,}  {shape!r}, such as {example!r}"


def _notes(result: Outcome) -> Iterator[str]:
    for topic in result.notes:
        yield f"{topic.topic}: {topic.count:,}"
        yield from (f"  {example}" for example in topic.examples)


def verdict(result: Verdict) -> Iterator[str]:
    """Yield lines about the result of a verification."""
    for table in result.tables:
        since = f", {table.changed:,} changed here since" if table.changed else ""
        yield (
            f"{table.title}: {table.expected:,} rows expected, {table.actual:,} there{since}; "
            f"checksums {table.expected_sum % 2**64:016x} and {table.actual_sum % 2**64:016x}"
        )
    yield from (f"DIFFERS: {fault}" for fault in result.faults)
    if not result.faults:
        yield "Verified: both sides are equal, and every reference resolves."
