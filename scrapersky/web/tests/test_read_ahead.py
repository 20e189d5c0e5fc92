"""Reading ahead: the same items in the same order, and errors where they belong."""

from collections.abc import Iterator
from threading import Event, current_thread, main_thread

import pytest

from scrapersky.web.read_ahead import read_ahead


def test_items_come_in_their_order_from_another_thread() -> None:
    threads = set()

    def items() -> Iterator[int]:
        for number in range(5):
            threads.add(current_thread())
            yield number

    assert list(read_ahead(items())) == [0, 1, 2, 3, 4]
    assert main_thread() not in threads


def test_the_next_item_is_read_while_one_is_worked_on() -> None:
    is_read = Event()

    def items() -> Iterator[int]:
        yield 1
        is_read.set()
        yield 2

    for item in read_ahead(items()):
        if item == 1:
            assert is_read.wait(10)


def test_an_error_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("The file ends too soon.")

    reading = read_ahead(items())
    assert next(reading) == 1
    with pytest.raises(ValueError, match="ends too soon"):
        next(reading)


def test_nothing_is_read_after_it_was_closed() -> None:
    numbers: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            numbers.append(number)
            yield number

    reading = read_ahead(items())
    next(reading)
    reading.close()
    assert numbers == [0, 1]


def test_items_end_in_their_thread() -> None:
    ended_in = []

    def items() -> Iterator[int]:
        try:
            yield from range(5)
        finally:
            ended_in.append(current_thread())

    for reading in (read_ahead(items()), read_ahead(items())):
        next(reading)
        reading.close()
    assert len(ended_in) == 2
    assert main_thread() not in ended_in
