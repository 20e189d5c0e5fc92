"""Read the next part of a stream in a thread while the last one is worked on."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_END = object()


def read_ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """Yield items while a thread reads the next one: PostgreSQL stores one part meanwhile.

    What reading raises is raised here. Close the generator before what the items are read from; a
    generator of items is then closed in its thread.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1, "read-ahead") as thread:
        try:
            coming = thread.submit(next, iterator, _END)
            while (item := coming.result()) is not _END:
                coming = thread.submit(next, iterator, _END)
                yield item  # type: ignore[misc]
        finally:
            if isinstance(iterator, Generator):
                thread.submit(iterator.close)
