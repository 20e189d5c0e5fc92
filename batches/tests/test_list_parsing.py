"""Reading lists of domains."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from batches.list_parsing import chunks_of, read_pasted, read_upload, rejections
from scans.engine.lists.collection import KEPT_REJECTIONS
from scans.engine.lists.errors import UnreadableFile


def hosts(data: bytes, **options: Any) -> list[str]:
    return read_upload([data], **options).hosts


def test_a_text_file_is_read_like_a_pasted_list() -> None:
    data = "bücher.de, b.com\n".encode("utf-16")
    assert hosts(data, filename="list.txt") == ["xn--bcher-kva.de", "b.com"]


def test_a_column_of_a_csv_is_chosen_by_name_or_by_number_from_1() -> None:
    data = b"domain,partner\na.com,b.com\n"
    assert hosts(data, filename="list.csv", column="partner") == ["b.com"]
    assert hosts(data, filename="list.csv", column="2") == ["b.com"]


def test_the_column_is_chosen_by_its_values_where_none_is_named() -> None:
    assert hosts(b"id;website\n1;a.com\n", filename="LIST.CSV") == ["a.com"]
    assert hosts(b"Domain\tWebsite\n\ta.com\n", filename="list.tsv") == ["a.com"]


def test_a_named_column_makes_a_table_of_a_file_of_any_name() -> None:
    assert hosts(b"site,x\na.com,1\n", filename="export", column="site") == ["a.com"]


def test_a_missing_column_is_answered_with_the_names_of_those_there_are() -> None:
    with pytest.raises(UnreadableFile, match=r"no column named “url”.* are: id, website"):
        hosts(b"id,website\n1,a.com\n", filename="list.csv", column="url")


def test_a_file_that_is_no_text_is_refused_in_a_sentence() -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        hosts(b"PK\x03\x04rest", filename="list.csv")


def test_an_upload_is_read_no_further_than_its_limit(settings: Settings) -> None:
    settings.MAX_DOMAINS_PER_BATCH = 10
    taken = []

    def chunks() -> Iterator[bytes]:
        for number in range(1_000):
            taken.append(number)
            yield b"".join(b"a%d-%d.com\n" % (number, place) for place in range(500))

    with pytest.raises(UnreadableFile, match="more than 10 domains"):
        read_upload(chunks(), filename="list.txt")
    assert len(taken) < 20
    with pytest.raises(UnreadableFile, match="more than 10 domains"):
        read_pasted(" ".join(f"a{n}.com" for n in range(11)))


def test_a_file_is_read_in_chunks() -> None:
    file = io.BytesIO(b"a.com\n" * 100_000)
    assert {len(chunk) <= 262_144 for chunk in chunks_of(file)} == {True}
    assert file.tell() == 600_000


def test_a_list_without_a_fault_leaves_nothing_to_remember() -> None:
    assert rejections(read_pasted("a.com b.com")) == {}


def test_rejected_lines_are_remembered_with_line_text_and_reason() -> None:
    kept = rejections(read_pasted("a.com\nlocalhost\na.com"))
    assert kept["refused_count"] == 1
    assert kept["duplicates"] == 1
    assert kept["refused"][0]["line"] == 2
    assert kept["refused"][0]["value"] == "localhost"
    assert kept["refused"][0]["reason"].endswith(".")


def test_only_the_first_thousand_rejections_are_kept_but_all_are_counted() -> None:
    kept = rejections(read_pasted("\n".join(f"no domain{n}" for n in range(600))))
    assert len(kept["refused"]) == KEPT_REJECTIONS
    assert kept["refused_count"] == 1_200
