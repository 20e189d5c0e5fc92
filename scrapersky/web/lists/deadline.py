"""Cancel queries that take too long, on both databases."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

from django.conf import settings
from django.db import OperationalError, connection, transaction

# PostgreSQL planner settings for list pages: rows are found through cached indexes, JIT compilation
# takes longer than the query, and a list may use one core only. With a large cache, the planner
# spreads the cost of an index look-up over all rows of a table, although a page needs only some. A
# hash join reads all rows of a table before it returns the first.
PLANNING = {
    "random_page_cost": "1.1",
    "effective_cache_size": "8MB",
    "enable_hashjoin": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
# SQLite virtual machine instructions between clock checks, well under 1 ms.
SQLITE_STEPS = 20_000


class QueryTooSlow(Exception):  # noqa: N818 (an outcome, not a fault)
    """A query was cancelled; the message says how to narrow it."""


@contextmanager
def deadline(
    seconds: float | None = None, message: str = "Counting takes too long."
) -> Iterator[None]:
    """Cancel any query in the block that takes too long; raise QueryTooSlow with the message.

    The default time limit is `LIST_QUERY_SECONDS`.
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
    values = {**PLANNING, "statement_timeout": f"{seconds * 1_000:.0f}ms"}
    is_nested = connection.in_atomic_block
    with transaction.atomic():
        before = _settings(values) if is_nested else {}
        _set(values)
        yield
        if is_nested:  # otherwise the end of the transaction restores them
            _set(before)


def _settings(names: Iterable[str]) -> dict[str, str]:
    sql = "SELECT name, current_setting(name) FROM unnest(%s::text[]) name"
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(names)])
        return dict(cursor.fetchall())


def _set(values: Mapping[str, str]) -> None:
    """Set configuration until the end of the transaction."""
    pairs = "unnest(%s::text[], %s::text[]) pair (name, value)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT set_config(name, value, true) FROM {pairs}",
            [list(values), list(values.values())],
        )


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
