"""Exports of lists in every format, immediately or in slices."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches import background_exports
from batches.background_exports import call_next, create_export, delete_expired, run_slice
from batches.models import Export
from batches.tests.api_clients import program_of
from scans.lists import CONTACTS, DOMAINS
from scans.models import Domain
from scans.services import ensure_domains
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.web import slices, spreadsheet
from scrapersky.web.lists import download
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import Output
from scrapersky.web.stopping import cluster_stops

pytestmark = pytest.mark.django_db
HOSTILE = [
    "=1+1",
    "Shop;=cmd|'/c calc'!A1",
    "\u202eevil",
    "line\nbreak",
    "😀",
    "ß" * 40_000,
    "+49 30",
]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.EXPORT_DIR = str(tmp_path / "exports")
    monkeypatch.setattr(slices, "async_task", lambda *args, **kwargs: None)
    return tmp_path / "exports"


@pytest.fixture
def domains(default_tenant: Tenant) -> list[Domain]:
    ensure_domains(tenant=default_tenant, hosts=[f"s{n:03}.example" for n in range(60)])
    rows = list(Domain.objects.order_by("host"))
    for row, title in zip(rows, HOSTILE, strict=False):
        row.title, row.emails = title, ["a@b.example", "c@d.example"]
        row.last_scanned_at = timezone.now()
        row.save()
    return rows


def body(response: Any) -> bytes:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def test_a_csv_has_the_rows_columns_and_order_of_the_list(
    console: Client, domains: list[Domain]
) -> None:
    text = body(console.get("/exports/list/domains/?columns=host,title,emails&sort=-host")).decode()
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert head == ["host", "title", "emails"]
    assert [row[0] for row in rows] == [row.host for row in reversed(domains)]
    assert [spreadsheet.unescape(row[1]) for row in reversed(rows)] == [d.title for d in domains]
    assert rows[-1][2] == "a@b.example; c@d.example"


def test_an_export_reads_nothing_that_only_cells_of_the_page_show(
    console: Client, domains: list[Domain]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        body(console.get("/exports/list/domains/?columns=host,title"))
    assert not [query for query in queries if "scans_tag" in query["sql"]]


def test_a_csv_for_spreadsheets_begins_with_a_mark(console: Client, domains: list[Domain]) -> None:
    content = body(console.get("/exports/list/domains/?format=csv-spreadsheet&columns=title"))
    assert content.startswith(b"\xef\xbb\xbftitle\r\n")


def test_json_lines_hold_the_values_as_they_are(console: Client, domains: list[Domain]) -> None:
    content = body(console.get("/exports/list/domains/?format=jsonl&columns=host,title,emails"))
    rows = [json.loads(line) for line in content.decode().splitlines() if line]
    assert [row["title"] for row in rows] == [domain.title for domain in domains]
    assert rows[0]["emails"] == ["a@b.example", "c@d.example"]


def test_a_workbook_has_typed_cells_and_no_formulas(console: Client, domains: list[Domain]) -> None:
    url = "/exports/list/domains/?format=xlsx&columns=host,title,page_count,last_scanned_at"
    sheet = openpyxl.load_workbook(io.BytesIO(body(console.get(url)))).active
    assert sheet is not None
    head, *rows = sheet.iter_rows()
    assert [cell.value for cell in head] == ["Domain", "Title", "Pages", "Last scanned"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:D61"
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d"}
    for row, domain in zip(rows, domains, strict=True):
        assert (row[1].value or "") == domain.title[:32_767]
        assert row[2].value == domain.page_count
    scanned = domains[0].last_scanned_at
    assert scanned is not None
    value = rows[0][3].value
    assert abs(value.replace(tzinfo=scanned.tzinfo) - scanned) < timedelta(seconds=1)


def test_a_large_list_is_offered_in_the_background(
    console: Client, domains: list[Domain], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.views.exports.MOST_STREAMED", 10)
    page = console.get("/exports/list/domains/?q=s0&format=csv&columns=host")
    assert "Export in the background" in page.content.decode()
    sent = {"query": "q=s0", "columns": "host", "format": "csv"}
    assert console.post("/exports/new/domains/", sent).headers["Location"] == "/exports/"
    export = Export.objects.get()
    assert (export.query, export.columns, export.expected) == ("q=s0", ["host"], 60)


def start(user: User, kind: Format = Format.CSV, query: str = "", **kwargs: Any) -> Export:
    definition = kwargs.pop("definition", DOMAINS)
    return create_export(
        user=user,
        definition=definition,
        query=query,
        columns=["host"],
        output=Output(kind),
        **kwargs,
    )


@pytest.fixture
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every slice read one part of seven rows."""
    monkeypatch.setattr(download, "CHUNK", 7)
    monkeypatch.setattr(slices, "SLICE_SECONDS", -1.0)


def run_to_end(export: Export) -> int:
    for number in range(1, 100):
        run_slice(str(export.pk))
        export.refresh_from_db()
        if not export.is_active:
            return number
    raise AssertionError("The export does not end.")


def test_an_export_runs_in_slices_and_is_whole(
    console: Client, user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    assert run_to_end(export) == 9
    assert (export.status, export.row_count) == ("complete", 60)
    lines = body(console.get(f"/exports/{export.pk}/download/")).decode().split()
    assert lines == ["host", *(domain.host for domain in domains)]


def test_a_killed_slice_is_repeated_from_its_last_record(
    user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    run_slice(str(export.pk))
    export.refresh_from_db()
    with export.path.open("ab") as file:
        file.write(b"half a line that was never recor")  # then kill -9
    Export.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    run_to_end(export)
    assert export.path.read_text().split() == ["host", *(domain.host for domain in domains)]


@pytest.mark.parametrize("kind", [Format.CSV, Format.XLSX])
def test_a_slice_ends_early_when_its_cluster_stops_and_the_export_goes_on_later(
    user: User, domains: list[Domain], monkeypatch: pytest.MonkeyPatch, kind: Format
) -> None:
    monkeypatch.setattr(download, "CHUNK", 7)
    export = start(user, kind)
    with monkeypatch.context() as patch:
        patch.setattr(cluster_stops, "value", 1)
        run_slice(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.row_count, export.leased_until) == ("running", 7, None)
    assert run_to_end(export) == 1
    assert export.row_count == 60


def test_a_slice_that_another_worker_holds_is_left_alone(
    user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    assert Export.objects.filter(pk=export.pk).claim()
    assert "another host" in run_slice(str(export.pk))
    export.refresh_from_db()
    assert export.row_count == 0


def test_workbook_parts_are_packed_in_one_file(
    user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user, Format.XLSX)
    run_to_end(export)
    assert export.file_name.endswith(".zip")
    hosts: list[Any] = []
    with zipfile.ZipFile(export.path) as archive:
        for name in archive.namelist():
            sheet = openpyxl.load_workbook(io.BytesIO(archive.read(name))).active
            assert sheet is not None
            hosts += [row[0].value for row in sheet.iter_rows(min_row=2)]
    assert hosts == [domain.host for domain in domains]
    assert list(export.folder.glob("*.part-*")) == []


def test_an_export_that_cannot_be_written_fails_with_the_cause(
    user: User, domains: list[Domain], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(background_exports, "text_rows", full)
    export = start(user)
    run_slice(str(export.pk))
    export.refresh_from_db()
    assert export.status == "failed"
    assert "could not be read or written: No space left on device." in export.error
    assert not export.path.exists()


def test_an_export_holds_one_tenant_and_is_closed_to_others(
    stranger: User, user: User, domains: list[Domain], other_tenant: Tenant
) -> None:
    ensure_domains(tenant=other_tenant, hosts=["foreign.example"])
    theirs = start(stranger)
    run_to_end(theirs)
    assert theirs.path.read_text().split() == ["host", "foreign.example"]
    client = Client()
    client.force_login(user)
    for path in ("download", "cancel"):
        method = client.post if path == "cancel" else client.get
        assert method(f"/exports/{theirs.pk}/{path}/").status_code == 404
    assert "foreign" not in client.get("/exports/").content.decode()


def test_a_member_of_two_tenants_chooses_whose_rows_are_exported(
    console: Client,
    user: User,
    domains: list[Domain],
    other_tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ensure_domains(tenant=other_tenant, hosts=["second.example"])
    sent = {"columns": "host", "format": "csv", "tenant": str(other_tenant.pk)}
    refused = console.post("/exports/new/domains/", sent, follow=True)
    assert "You cannot export from a tenant with this id" in refused.content.decode()
    Membership.objects.create(user=user, tenant=other_tenant, role=Membership.Role.MEMBER)
    monkeypatch.setattr("batches.views.exports.MOST_STREAMED", 10)
    page = console.get("/exports/list/domains/?format=csv&columns=host").content.decode()
    assert f'<option value="{other_tenant.pk}">' in page
    console.post("/exports/new/domains/", sent)
    export = Export.objects.get()
    run_to_end(export)
    assert export.path.read_text().split() == ["host", "second.example"]


def test_the_filter_stays_what_it_was_at_the_start(
    user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user, query="q=s00")
    run_slice(str(export.pk))
    ensure_domains(tenant=domains[0].tenant, hosts=["s009a.example"])
    run_to_end(export)
    assert "s009a.example" in export.path.read_text()
    assert "s010.example" not in export.path.read_text()


def test_a_cancelled_export_stops_and_leaves_no_file(
    console: Client, user: User, domains: list[Domain], short_slices: None
) -> None:
    export = start(user)
    run_slice(str(export.pk))
    console.post(f"/exports/{export.pk}/cancel/")
    run_slice(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.path.exists()) == ("cancelled", False)


def test_expired_exports_are_deleted_with_their_files(user: User, domains: list[Domain]) -> None:
    export = start(user)
    run_to_end(export)
    Export.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert delete_expired() == 1
    assert not export.path.exists()


def test_every_list_can_be_exported(console: Client, domains: list[Domain]) -> None:
    for kind in Format:
        content = body(console.get(f"/exports/list/{CONTACTS.name}/?format={kind.value}"))
        assert content or kind is Format.JSON_LINES
    assert console.get("/exports/list/domains/?format=docx").status_code == 422
    call_next()


def test_the_api_creates_polls_and_downloads(user: User, domains: list[Domain]) -> None:
    program = program_of(user)
    body_of = {"list": "domains", "query": "q=s00", "columns": ["host"], "format": "jsonl"}
    created = program.post("/api/v3/exports", body_of, content_type="application/json")
    assert created.status_code == 201, created.content
    url = f"/api/v3/exports/{created.json()['export_id']}"
    assert program.get(url).json()["status"] == "pending"
    assert program.get(f"{url}/download").status_code == 404
    run_to_end(Export.objects.get())
    done = program.get(url).json()
    assert (done["status"], done["rows"]) == ("complete", 10)
    assert "“q=s00”. Each row is as it was when its slice was read" in done["as_of"]
    rows = body(program.get(done["download_url"])).decode().splitlines()
    assert [json.loads(row)["host"] for row in rows] == [f"s00{n}.example" for n in range(10)]


@pytest.mark.parametrize(
    "wrong", [{"list": "colours"}, {"query": "verdict=red"}, {"columns": ["colour"]}]
)
def test_the_api_names_what_cannot_be_exported(user: User, wrong: dict[str, Any]) -> None:
    payload = {"list": "domains"} | wrong
    response = program_of(user).post("/api/v3/exports", payload, content_type="application/json")
    assert response.status_code == 422
    assert not Export.objects.exists()


def test_the_command_writes_what_a_user_may_read(
    user: User, domains: list[Domain], tmp_path: Path
) -> None:
    file = tmp_path / "domains.csv"
    params = {"user": user.username, "query": "q=s00", "columns": "host"}
    call_command("export", "domains", str(file), **params)
    assert file.read_text().split() == ["host", *(f"s00{n}.example" for n in range(10))]
    with pytest.raises(CommandError, match="there is no column colour"):
        call_command("export", "domains", str(file), user=user.username, columns="colour")
    with pytest.raises(CommandError, match="verdict"):
        call_command("export", "domains", str(file), user=user.username, query="verdict=red")
