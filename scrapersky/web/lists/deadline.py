"""Stop a query that takes too long, on either database."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from django.conf import settings
from django.db import OperationalError, connection, transaction

# Instructions of SQLite's virtual machine between two looks at the clock, well under 1 ms.
SQLITE_STEPS = 20_000


class QueryTooSlow(Exception):  # noqa: N818 (an outcome, not a fault)
    """A query that was stopped, with a sentence on how to narrow it."""


@contextmanager
def deadline(
    seconds: float | None = None, message: str = "Counting takes too long."
) -> Iterator[None]:
    """Stop each query of the block that takes longer; raise QueryTooSlow with the message then.

    By default, a query may take `LIST_QUERY_SECONDS`.
    """
    limited = _postgresql if connection.vendor == "postgresql" else _sqlite
    try:
        with limited(settings.LIST_QUERY_SECONDS if seconds is None else seconds):
            yield
    except OperationalError as error:
        if _was_stopped(error):
            raise QueryTooSlow(message) from error
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
