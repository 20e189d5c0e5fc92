"""Stop a query that takes too long, on either database."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from django.db import OperationalError, connection, transaction

SECONDS = 2.0
# Instructions of SQLite's virtual machine between two looks at the clock, well under 1 ms.
SQLITE_STEPS = 20_000


class QueryTooSlow(Exception):  # noqa: N818 (an outcome, not a fault)
    """A query that was stopped, with a sentence on how to narrow it."""

    def __init__(self) -> None:
        super().__init__(
            "This combination takes too long to search. Narrow it: add the beginning of a domain, "
            "a batch or a tag, or remove a filter that few rows match."
        )


@contextmanager
def deadline(seconds: float = SECONDS) -> Iterator[None]:
    """Run the queries of the block, stopping any that takes longer; raise QueryTooSlow then."""
    limited = _postgresql if connection.vendor == "postgresql" else _sqlite
    try:
        with limited(seconds):
            yield
    except OperationalError as error:
        if _was_stopped(error):
            raise QueryTooSlow from error
        raise


@contextmanager
def _postgresql(seconds: float) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()[0]
        _set_timeout(f"{seconds * 1_000:.0f}ms")
        yield
        _set_timeout(before)


def _set_timeout(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [value])


@contextmanager
def _sqlite(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    raw = connection.connection
    end = monotonic() + seconds
    raw.set_progress_handler(lambda: monotonic() > end, SQLITE_STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


def _was_stopped(error: OperationalError) -> bool:
    return "statement timeout" in str(error) or "interrupted" in str(error)
