"""Lists and drafts with a real web process that is killed or gets decompression bombs."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import requests

from scrapersky.web_server.tests.processes import Installation, WebServer, head
from tests.processes import eventually

LIST = "Firm,Website\nA,a.example\nB,b.example\nC,localhost\n"
FIELDS = {"name": "Bakers", "max_pages": "7", "check": "1"}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation.create(tmp_path_factory.mktemp("console"))


@pytest.fixture
def server(installation: Installation) -> Iterator[WebServer]:
    with installation.serve() as server:
        yield server


class Visitor:
    """A logged-in user, whose session survives the web process."""

    def __init__(self, server: WebServer) -> None:
        name, _, key = server.log_in().partition("=")
        self.session = requests.Session()
        self.session.cookies.set(name, key)

    def get(self, server: WebServer, path: str) -> str:
        response = self.session.get(server.url + path, timeout=60)
        response.raise_for_status()
        return response.text

    def check(self, server: WebServer, content: bytes, name: str, **fields: str) -> tuple[str, str]:
        """Check a file; return the URL of its draft, and the page."""
        page = self.get(server, "/batches/new/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        response = self.session.post(
            f"{server.url}/batches/new/",
            data=FIELDS | fields | {"csrfmiddlewaretoken": token[1]},
            files={"file": (name, content)},
            timeout=120,
        )
        response.raise_for_status()
        return response.url.removeprefix(server.url).partition("#")[0], response.text


def summaries(page: str) -> dict[str, str]:
    """Return the groups of a check and their counts."""
    found = re.findall(r'<summary.*?card-title">([^<]+)</span>(.*?)</summary>', page, re.DOTALL)
    return {name: re.sub(r"<[^>]*>|\s", "", count) for name, count in found}


def test_a_draft_survives_the_death_of_the_web_process(installation: Installation) -> None:
    with installation.serve() as server:
        visitor = Visitor(server)
        address, before = visitor.check(server, LIST.encode(), "firms.csv")
        server.process.kill()
        server.process.wait()
    with installation.serve() as server:
        after = visitor.get(server, address)
    assert summaries(after)["New"] == "2"
    assert summaries(after) == summaries(before)
    assert all(text in after for text in ("firms.csv", 'value="Bakers"', "localhost"))


def test_a_process_that_dies_during_a_check_leaves_the_draft_as_it_was(
    installation: Installation,
) -> None:
    with installation.serve() as server:
        visitor = Visitor(server)
        address, before = visitor.check(server, LIST.encode(), "firms.csv")
        request = head(
            "POST",
            address,
            cookie=f"sessionid={visitor.session.cookies['sessionid']}",
            content_type="multipart/form-data; boundary=edge",
            content_length=500_000,
        )
        with server.connect(request + b"x" * 100_000) as connection:
            eventually(lambda: server.holds(connection))
            server.process.kill()
            server.process.wait()
    with installation.serve() as server:
        assert summaries(visitor.get(server, address)) == summaries(before)


def spreadsheet_bomb() -> bytes:
    """Return a workbook of a few kilobytes that claims a sheet's last cell."""
    book = openpyxl.Workbook()
    book.active.append(["Website"])
    book.active["XFD1048576"] = "a.example"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def zip_bomb() -> bytes:
    """Return a ZIP file that expands to a line of 100 MB."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("list.txt", "w") as member,
    ):
        for _ in range(100):
            member.write(b"x" * 1_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("bomb", "name", "reason"),
    [
        (spreadsheet_bomb, "firms.xlsx", "too large or damaged"),
        (zip_bomb, "list.zip", "A line has more than 8,000,000 characters"),
    ],
)
def test_a_bomb_is_refused_in_a_sentence_and_the_web_process_lives(
    server: WebServer, bomb: Any, name: str, reason: str, tmp_path: Path
) -> None:
    content = bomb()
    assert len(content) < 1_000_000
    visitor = Visitor(server)
    _, page = visitor.check(server, content, name)
    assert reason in page
    assert summaries(page) == {}
    assert server.process.poll() is None
    assert "Bakers" in visitor.get(server, "/batches/drafts/")
