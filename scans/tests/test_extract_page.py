"""`manage.py extract_page`: reads saved pages and prints one line each."""

import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

PAGE = (
    b"<title>Bakery</title><p>Tel: 0114 278 5000, Fax: 0114 278 5001, "
    b"<a href='mailto:info@bakery.com'>Write</a> <a href='https://facebook.com/bakery'>us</a>"
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "home.html"
    path.write_bytes(PAGE)
    return path


def run(*arguments: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("extract_page", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def read_lines(*arguments: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*arguments, "--json")[0].splitlines()]


def test_a_page_becomes_one_line_of_json(page):
    (line,) = read_lines(page, "--url", "https://www.bakery.co.uk/")
    assert line["page"] == "home.html"
    assert line["url"] == "https://www.bakery.co.uk/"
    assert line["title"] == "Bakery"
    assert line["emails"] == ["info@bakery.com"]
    assert line["phones"] == ["+441142785000"]
    assert line["faxes"] == ["+441142785001"]
    assert line["social"] == ["https://www.facebook.com/bakery"]
    assert {"description", "language", "technologies"} <= line.keys()
    assert {contact["method"] for contact in line["contacts"]} == {"mailto", "text", "link"}


def test_a_compressed_page_is_named_without_its_ending(tmp_path):
    path = tmp_path / "home.html.gz"
    path.write_bytes(gzip.compress(PAGE))
    (line,) = read_lines(path)
    assert (line["page"], line["title"]) == ("home.html", "Bakery")


def test_a_compressed_page_is_known_by_its_content(tmp_path):
    path = tmp_path / "home.html"
    path.write_bytes(gzip.compress(PAGE))
    assert read_lines(path)[0]["title"] == "Bakery"


def test_each_page_is_read_at_the_address_that_a_list_gives(page, tmp_path):
    other = tmp_path / "other.html"
    other.write_bytes(PAGE)
    urls = tmp_path / "urls.tsv"
    urls.write_text("home.html\thttps://www.bakery.co.uk/\n\nbroken line\n")
    lines = read_lines(page, other, "--urls", urls)
    assert [line["url"] for line in lines] == ["https://www.bakery.co.uk/", ""]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.html", None),
        ("cut.html.gz", gzip.compress(PAGE * 100)[:-20]),
        ("broken.html.gz", b"\x1f\x8bnonsense"),
        ("folder", "folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_printed(
    page, tmp_path, name, content
):
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as raised:
        call_command("extract_page", str(path), str(page), "--json", stdout=out, stderr=err)
    assert raised.value.code == 1
    assert json.loads(out.getvalue())["page"] == "home.html"
    (sentence,) = err.getvalue().splitlines()
    assert sentence.startswith(f"{path} cannot be read: ")


def test_a_list_of_addresses_that_is_not_there_is_said_in_a_sentence(page, tmp_path):
    with pytest.raises(CommandError, match=r"none\.tsv cannot be read: no such file"):
        run(page, "--urls", tmp_path / "none.tsv")


def test_without_json_a_person_can_read_it(page):
    out, _ = run(page, "--url", "https://www.bakery.co.uk/")
    assert out.startswith("home.html: Bakery\n")
    assert "+441142785001  GB fax" in out


def test_a_file_that_is_no_page_is_a_line_without_facts(tmp_path):
    path = tmp_path / "paper.pdf"
    path.write_bytes(b"%PDF-1.7 info@bakery.com")
    (line,) = read_lines(path)
    assert (line["page"], line["emails"]) == ("paper.pdf", [])


def test_a_saved_page_is_classified_with_its_signal(page, tmp_path):
    (line,) = read_lines(page)
    assert (line["verdict"], line["signal"]) == ("ok", "")
    parked = tmp_path / "parked.html"
    parked.write_bytes(b"<title>Bakery</title><p>This domain is for sale.</p>")
    (line,) = read_lines(parked, "--url", "https://www.bakery.co.uk/")
    assert line["verdict"] == "parked"
    assert line["signal"] == "an offer of the name (text: this domain is for sale)"
    assert "  verdict  parked: an offer of the name" in run(parked)[0]


def test_status_and_headers_are_taken_into_account(tmp_path):
    path = tmp_path / "wall.html"
    path.write_bytes(b"<title>403</title><p>No entry</p>")
    assert read_lines(path)[0]["verdict"] == "ok"
    headers = ("--header", "Server: ddos-guard", "--header", "X-Powered-By: PHP/8.3.1")
    (line,) = read_lines(path, "--status", 403, *headers)
    assert line["verdict"] == "challenge"
    assert line["signal"].endswith("(header server: ddos-guard, status 403)")
    assert "PHP" in line["technologies"]


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--status", "forbidden", "'forbidden' is not an HTTP status such as 403."),
        ("--status", "12", "'12' is not an HTTP status such as 403."),
        ("--header", "nginx", "'nginx' is not a header such as 'Server: nginx'."),
    ],
)
def test_a_status_or_header_that_is_none_is_rejected(page, option, value, complaint):
    with pytest.raises(CommandError, match=re.escape(complaint)):
        run(page, option, value)


def test_a_page_from_an_unknown_address_has_not_moved(tmp_path):
    path = tmp_path / "onwards.html"
    path.write_bytes(b"<p>Hi</p><meta http-equiv='refresh' content='0; url=https://bakery.com/'>")
    assert read_lines(path)[0]["verdict"] == "ok"
    assert read_lines(path, "--url", "https://example.org/")[0]["verdict"] == "moved_elsewhere"
