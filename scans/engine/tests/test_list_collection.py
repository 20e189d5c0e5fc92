"""Collecting the entries of a list within limits."""

import tracemalloc

import pytest

from scans.engine.lists import collection
from scans.engine.lists.collection import (
    KEPT_REJECTIONS,
    MAX_SHOWN,
    AcceptedLine,
    ListTooLong,
    read_file,
    read_text,
    read_values,
)
from scans.engine.lists.errors import UnreadableFile


def test_a_duplicate_is_counted_and_the_first_line_kept() -> None:
    listed = read_text("b.com\na.com\nwww.b.com\nhttps://B.com.")
    assert listed.accepted == (AcceptedLine("b.com", 1), AcceptedLine("a.com", 2))
    assert listed.duplicates == 2


def test_an_empty_paste_gives_an_empty_list() -> None:
    listed = read_text(" \n\t\n# nothing\n")
    assert (listed.accepted, listed.rejected, listed.rejected_count) == ((), (), 0)


def test_a_rejected_value_is_cut_for_showing() -> None:
    (line,) = read_text("x" * 10_000).rejected
    assert line.value == "x" * MAX_SHOWN


def test_a_hundred_thousand_lines_are_read_whole() -> None:
    listed = read_text("\n".join(f"https://www.site{n}.co.uk/" for n in range(100_000)))
    assert len(listed.accepted) == 100_000
    assert listed.accepted[-1] == AcceptedLine("site99999.co.uk", 100_000)


def test_every_rejected_line_is_counted_and_the_first_thousand_are_kept() -> None:
    listed = read_text("a.com\n" + "\n".join(f"bad{n}" for n in range(5_000)))
    assert listed.hosts == ["a.com"]
    assert listed.rejected_count == 5_000
    assert len(listed.rejected) == KEPT_REJECTIONS
    assert listed.rejected[-1].value == f"bad{KEPT_REJECTIONS - 1}"


def test_bad_lines_take_no_memory_however_many() -> None:
    line = b"this-is-no-domain\n" * 1_000
    tracemalloc.start()
    try:
        listed = read_file(line for _ in range(40))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert listed.rejected_count == 40_000
    assert peak < 3_000_000


def test_no_more_is_read_than_the_limits_allow() -> None:
    chunks = iter([b"".join(b"a%d.com\n" % n for n in range(300))] * 1_000)
    with pytest.raises(ListTooLong, match="more than 100 domains"):
        read_file(chunks, max_hosts=100)
    assert len(list(chunks)) > 900
    assert len(read_text("a.com b.com", max_hosts=2).accepted) == 2


def test_a_list_of_too_many_entries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "MAX_ENTRIES", 1_000)
    assert read_text("x\n" * 1_000).rejected_count == 1_000
    with pytest.raises(ListTooLong, match="more than 1,000 entries"):
        read_text("x\n" * 1_001)


def test_a_pasted_table_with_a_quote_that_never_closes_is_read_as_lines() -> None:
    listed = read_text('Name,Website\nA,a.com\nB,b.com\n"C,c.com\nD,d.com')
    assert listed.hosts == ["a.com", "b.com", "c.com", "d.com"]
    with pytest.raises(UnreadableFile, match="Line 4 opens a quote"):
        read_file([b'Name,Website\nA,a.com\nB,b.com\n"C,c.com\nD,d.com'], is_table=True)


def test_values_are_numbered_by_their_place() -> None:
    listed = read_values(["a.com", "localhost", "", "b.com, c.com", "[d.com]"])
    assert listed.accepted == (
        AcceptedLine("a.com", 1),
        AcceptedLine("b.com", 4),
        AcceptedLine("c.com", 4),
        AcceptedLine("d.com", 5),
    )
    assert [(line.line, line.value) for line in listed.rejected] == [(2, "localhost"), (3, "")]
