"""A list becomes the same batch whether pasted, uploaded or sent through the API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from batches.models import Batch
from batches.tests.api_clients import ROOT, program_of
from scrapersky.tenants.models import User

pytestmark = pytest.mark.django_db
FORM = {"max_pages": "7"}
Result = tuple[list[str], list[str], int]
TWO = ["north.example", "south.example"]
# Name, text, hosts, rejected values, repetitions.
TABLES: list[tuple[str, str, list[str], list[str], int]] = [
    (
        "a separator line",
        "sep=;\r\nShop;URL\r\nNorth;north.example\r\nSouth;south.example",
        TWO,
        [],
        0,
    ),
    (
        "an empty column first",
        "Shop,Domain,URL\nN,,http://north.example\nS,,http://south.example",
        TWO,
        [],
        0,
    ),
    (
        "a title line",
        "Export 2026\nShop,Website\nNorth,north.example\nSouth,south.example",
        TWO,
        [],
        0,
    ),
    (
        "escaped quotes",
        'shop,website\n"N \\"a\\", Ltd",north.example\n"S",south.example',
        TWO,
        [],
        0,
    ),
    ("tabs", "Shop\tWebsite\nNorth\tnorth.example\nSouth\tsouth.example", TWO, [], 0),
    (
        "a wrong cell and a repetition",
        "Shop\tWebsite\nN\tnorth.example\nS\tsouth.example\nL\tlocalhost\nN\twww.north.example",
        TWO,
        ["localhost"],
        1,
    ),
]
LISTS: list[tuple[str, str, list[str], list[str], int]] = [
    ("an array", '["north.example", "south.example"]', TWO, [], 0),
    ("ideographic commas", "north.example、south.example。", TWO, [], 0),
    ("trailing blanks", "north.example\t\nsouth.example \u00a0\r\n", TWO, [], 0),
    ("bullets and numbers", "• north.example\n2. https://south.example/a?b=c", TWO, [], 0),
    ("a comment", "north.example # ours\nsouth.example", TWO, [], 0),
    (
        "addresses that are none",
        "north.example\nftp://north.example\nsouth.example\nme@south.example\nNORTH.example",
        TWO,
        ["ftp://north.example", "me@south.example"],
        1,
    ),
    (
        "another script",
        "bäckerei.example\nsouth.example",
        ["xn--bckerei-5wa.example", "south.example"],
        [],
        0,
    ),
]


def result() -> Result:
    batch = Batch.objects.get()
    hosts = list(batch.jobs.order_by("position").values_list("domain__host", flat=True))
    rejected = [line["value"] for line in batch.metadata.get("refused", ())]
    return hosts, rejected, batch.metadata.get("duplicates", 0)


def pasted(client: Client, text: str) -> None:
    client.post("/batches/new/", FORM | {"domains": text})


def uploaded(client: Client, text: str, encoding: str = "utf-8", name: str = "list.txt") -> None:
    file: Any = SimpleUploadedFile(name, text.encode(encoding))
    client.post("/batches/new/", FORM | {"file": file})


def uploaded_as_utf16(client: Client, text: str) -> None:
    uploaded(client, text, "utf-16")


def uploaded_as_csv(client: Client, text: str) -> None:
    uploaded(client, text, name="list.csv")


def sent(client: Client, text: str) -> None:
    """Send the lines to the API, each as one value."""
    body = json.dumps({"domains": [line for line in text.splitlines() if line.strip()]})
    program = program_of(User.objects.get(username="member"))
    response = program.post(f"{ROOT}/batch", body, content_type="application/json")
    assert response.status_code == 201, response.content


def cases(rows: list[Any], *ways: Callable[[Client, str], None]) -> Any:
    return pytest.mark.parametrize(
        ("way", "text", "expected"),
        [
            pytest.param(way, text, (hosts, rejected, repeated), id=f"{name}, {way.__name__}")
            for name, text, hosts, rejected, repeated in rows
            for way in ways
        ],
    )


@cases(TABLES, pasted, uploaded, uploaded_as_utf16, uploaded_as_csv)
def test_a_table_becomes_the_same_batch_by_every_way(
    console: Client, way: Callable[[Client, str], None], text: str, expected: Result
) -> None:
    way(console, text)
    assert result() == expected


@cases(LISTS, pasted, uploaded, uploaded_as_utf16, sent)
def test_a_list_becomes_the_same_batch_by_every_way(
    console: Client, way: Callable[[Client, str], None], text: str, expected: Result
) -> None:
    way(console, text)
    assert result() == expected


def test_a_line_in_an_older_encoding_is_read_beside_lines_in_utf8(console: Client) -> None:
    content = "Name;Website\nKäse;käse.example\n".encode() + "Café;north.example\n".encode("cp1252")
    file: Any = SimpleUploadedFile("list.csv", content)
    console.post("/batches/new/", FORM | {"file": file})
    assert result() == (["xn--kse-qla.example", "north.example"], [], 0)
