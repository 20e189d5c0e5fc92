"""Taking in lists of domains."""

import pytest

from batches.list_parsing import KEPT_REFUSALS, read_pasted, read_upload, refusals
from scans.engine.domains import DomainList, UnreadableFile


def hosts(found: DomainList) -> list[str]:
    return [line.host for line in found.accepted]


def test_a_text_file_is_read_like_a_pasted_list() -> None:
    found = read_upload("bücher.de, b.com\n".encode("utf-16"), filename="list.txt")
    assert hosts(found) == ["xn--bcher-kva.de", "b.com"]


def test_a_column_of_a_csv_is_chosen_by_name_or_by_number_from_1() -> None:
    data = b"domain,partner\na.com,b.com\n"
    assert hosts(read_upload(data, filename="list.csv", column="partner")) == ["b.com"]
    assert hosts(read_upload(data, filename="list.csv", column="2")) == ["b.com"]


def test_the_column_is_found_where_none_is_named() -> None:
    found = read_upload(b"id;website\n1;a.com\n", filename="LIST.CSV")
    assert hosts(found) == ["a.com"]


def test_a_named_column_makes_a_table_of_a_file_of_any_name() -> None:
    found = read_upload(b"site,x\na.com,1\n", filename="export", column="site")
    assert hosts(found) == ["a.com"]


def test_a_missing_column_is_answered_with_the_names_of_those_there_are() -> None:
    with pytest.raises(UnreadableFile, match=r"no column named “url”.* are: id, website"):
        read_upload(b"id,website\n1,a.com\n", filename="list.csv", column="url")


def test_a_file_that_is_no_text_is_refused_in_a_sentence() -> None:
    with pytest.raises(UnreadableFile, match="Excel"):
        read_upload(b"PK\x03\x04rest", filename="list.csv")


def test_a_list_without_a_fault_leaves_nothing_to_remember() -> None:
    assert refusals(read_pasted("a.com b.com")) == {}


def test_refused_lines_are_remembered_with_line_text_and_reason() -> None:
    kept = refusals(read_pasted("a.com\nlocalhost\na.com"))
    assert kept["refused_count"] == 1
    assert kept["duplicates"] == 1
    assert kept["refused"][0]["line"] == 2
    assert kept["refused"][0]["value"] == "localhost"
    assert kept["refused"][0]["reason"].endswith(".")


def test_only_the_first_thousand_refusals_are_kept_but_all_are_counted() -> None:
    kept = refusals(read_pasted("\n".join(f"no domain{n}" for n in range(600))))
    assert len(kept["refused"]) == KEPT_REFUSALS
    assert kept["refused_count"] == 1_200
