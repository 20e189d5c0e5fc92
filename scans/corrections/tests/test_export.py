"""`manage.py export_corrections`: labels of the corrected pages, and those pages."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from scans.corrections.export import page_name
from scans.corrections.services import correct_page_type, correct_verdict, mark_wrong
from scans.corrections.tests.scans import ABOUT, HOME, PHONE, RIGHT, WRONG, scan
from scans.engine.report import Contact, ContactKind, PageEntry, Verdict
from scans.models import Domain
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    return scan(default_tenant)


def export(*args: str) -> tuple[dict[str, Any], str]:
    out, err = StringIO(), StringIO()
    call_command("export_corrections", *args, stdout=out, stderr=err)
    return json.loads(out.getvalue()), err.getvalue()


def test_nothing_corrected_is_no_label(domain: Domain) -> None:
    assert export() == ({}, "")


def test_a_page_with_a_wrong_contact_is_a_label(domain: Domain, user: User) -> None:
    mark_wrong(domain.contacts.get(value=WRONG), user=user)
    assert export()[0] == {
        page_name(HOME): {
            "url": HOME,
            "emails": [RIGHT],
            "phones": [],
            "neutral_emails": [],
            # of another page, and a fax
            "neutral_phones": ["01234567", "07654321"],
            "corrections": [
                {"kind": "contact", "contact_kind": "email", "value": WRONG, "right": False}
            ],
        }
    }


def test_what_is_right_on_one_page_is_neutral_on_another(domain: Domain, user: User) -> None:
    correct_page_type(domain.pages.get(url=ABOUT), "team", user=user)
    label = export()[0][page_name(ABOUT)]
    assert (label["phones"], label["emails"]) == ([PHONE], [])
    assert label["neutral_emails"] == [RIGHT, WRONG]


def test_a_choice_says_what_is_wrong_and_what_is_right(domain: Domain, user: User) -> None:
    correct_verdict(domain, Verdict.PARKED, user=user)
    correct_page_type(domain.pages.get(url=ABOUT), "team", user=user)
    pages = export()[0]
    assert pages[page_name(HOME)]["corrections"] == [
        {"kind": "verdict", "value": "ok", "right": False},
        {"kind": "verdict", "value": "parked", "right": True},
    ]
    assert pages[page_name(ABOUT)]["corrections"] == [
        {"kind": "page_type", "value": "about", "right": False},
        {"kind": "page_type", "value": "team", "right": True},
    ]


def test_a_mark_everywhere_is_a_label_of_the_page_that_showed_it(
    domain: Domain, default_tenant: Tenant, user: User
) -> None:
    scan(default_tenant, "b.example")
    mark_wrong(domain.technology_rows.get(name="Shopify"), user=user, in_tenant=True)
    pages = export()[0]
    assert list(pages) == [page_name(HOME)]
    assert pages[page_name(HOME)]["emails"] == [RIGHT, WRONG]
    said = {"kind": "technology", "value": "Shopify", "right": False}
    assert pages[page_name(HOME)]["corrections"] == [said]


def test_two_pages_of_one_host_have_two_names() -> None:
    names = {page_name(url) for url in (HOME, ABOUT, f"{ABOUT}?x=1", "https://[", "")}
    assert len(names) == 5
    assert all(name.replace(".", "").replace("-", "").isalnum() for name in names)


def test_a_label_costs_no_query_of_its_own(default_tenant: Tenant, user: User) -> None:
    counts = []
    for number in range(4):
        for row in scan(default_tenant, f"s{number}.example").technology_rows.all():
            mark_wrong(row, user=user)
        with CaptureQueriesContext(connection) as queries:
            export()
        counts.append(len(queries))
    assert len(set(counts)) == 1


class Handler(BaseHTTPRequestHandler):
    """A site that declares Latin-1 in a header, and disallows one folder."""

    asked: list[str] = []
    PAGES = {
        "/robots.txt": b"User-agent: *\nDisallow: /private\n",
        "/": "<title>Café</title><p>Write to info@bakery.de, or ninfo@bakery.de.".encode("latin-1"),
        "/plain": "<meta charset=utf-8><title>Café</title>".encode(),
    }

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, location = (302, "/private/a") if self.path == "/moved" else (200, "")
        body = self.PAGES.get(self.path)
        self.send_response(status if body or location else 404)
        self.send_header("Content-Type", "text/html; charset=iso-8859-1")
        self.send_header("Content-Length", str(len(body or b"")))
        self.send_header("Set-Cookie", "visit=1")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Serve `a.site.test` on loopback; return the paths of its requests."""
    monkeypatch.setattr(Handler, "asked", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    settings.SCAN_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.SCAN_HOST_MAP = (("a.site.test", f"127.0.0.1:{server.server_address[1]}"),)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield Handler.asked
    server.shutdown()
    server.server_close()


SITE = "http://a.site.test"
PATHS = ("/private/a", "/moved", "/gone", "/plain")


@pytest.fixture
def site(default_tenant: Tenant) -> Domain:
    emails = ("info@bakery.de", "ninfo@bakery.de")
    return scan(
        default_tenant,
        "a.site.test",
        final_url=f"{SITE}/",
        contacts=tuple(Contact(ContactKind.EMAIL, value, page_url=f"{SITE}/") for value in emails),
        pages=tuple(PageEntry(f"{SITE}{path}") for path in PATHS),
    )


def test_fetched_pages_are_scored_by_extract_page(
    asked: list[str], site: Domain, user: User, tmp_path: Path
) -> None:
    mark_wrong(site.contacts.get(value="ninfo@bakery.de"), user=user)
    labels, report = export("--fetch", str(tmp_path))
    assert "Saved 1 of 1 pages" in report
    saved = json.loads((tmp_path / "labels.json").read_text())
    name = page_name(f"{SITE}/")
    assert saved[name].items() >= labels[name].items()
    assert saved[name]["status"] == 200
    assert saved[name]["headers"]["Content-Type"] == "text/html; charset=iso-8859-1"
    assert "Set-Cookie" not in saved[name]["headers"]
    out = StringIO()
    urls = str(tmp_path / "urls.tsv")
    files = [str(path) for path in (tmp_path / "pages").iterdir()]
    call_command("extract_page", *files, "--urls", urls, "--json", stdout=out)
    read = json.loads(out.getvalue())
    assert (read["page"], read["url"], read["title"]) == (name, f"{SITE}/", "Café")
    assert labels[name]["emails"] == ["info@bakery.de"]
    assert read["emails"] == ["info@bakery.de", "ninfo@bakery.de"]


def test_pages_that_robots_txt_closes_are_not_fetched(
    asked: list[str], site: Domain, user: User, tmp_path: Path
) -> None:
    for path in PATHS:
        correct_page_type(site.pages.get(url=f"{SITE}{path}"), "team", user=user)
    labels, report = export("--fetch", str(tmp_path))
    assert len(labels) == 4
    assert f"{SITE}/private/a: The robots.txt of a.site.test does not allow" in report
    assert f"{SITE}/moved: The robots.txt of a.site.test does not allow" in report
    assert f"{SITE}/gone: The server responded with status 404." in report
    assert list(json.loads((tmp_path / "labels.json").read_text())) == [page_name(f"{SITE}/plain")]
    assert (tmp_path / "urls.tsv").read_text() == f"{page_name(f'{SITE}/plain')}\t{SITE}/plain\n"
    assert "/private/a" not in asked


def test_an_error_page_is_kept_where_the_verdict_was_corrected(
    asked: list[str], default_tenant: Tenant, user: User, tmp_path: Path
) -> None:
    domain = scan(default_tenant, "a.site.test", final_url=f"{SITE}/gone")
    correct_verdict(domain, Verdict.CHALLENGE, user=user)
    export("--fetch", str(tmp_path))
    saved = json.loads((tmp_path / "labels.json").read_text())
    assert saved[page_name(f"{SITE}/gone")]["status"] == 404


def test_addresses_that_the_guard_closes_are_not_fetched(
    asked: list[str], site: Domain, user: User, tmp_path: Path, settings: Settings
) -> None:
    settings.SCAN_ALLOWED_NETWORKS = ()
    correct_verdict(site, Verdict.PARKED, user=user)
    report = export("--fetch", str(tmp_path))[1]
    assert "Saved 0 of 1 pages" in report
    assert asked == []


def test_a_folder_that_cannot_be_written_is_named(
    domain: Domain, user: User, tmp_path: Path
) -> None:
    correct_verdict(domain, Verdict.PARKED, user=user)
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        export("--fetch", str(tmp_path / "file"))
