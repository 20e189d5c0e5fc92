"""A list is returned in order, with its columns unchanged and the results added."""

import csv
import io
import json
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from python_calamine import CalamineWorkbook

from batches import background_exports
from batches.models import Batch, Export
from batches.tests.outcomes import complete, fail
from scans.models import Domain
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.lists import Column
from scrapersky.web.lists.columns import TypedText
from scrapersky.web.lists.workbook import Workbook
from scrapersky.web.spreadsheet import unescape

pytestmark = pytest.mark.django_db
HEAD = ["Status", "Website", "=Näme", "Name", "Name", "a,b"]
TABLE = [
    ["won", "https://www.acme.example/about", "-5", "Acme", 'a, "b"', "x\ny"],
    ["lost", "bakers.example", "=1+1", "Bakers", "", "007"],
    ["open", "localhost", "ä", "", "  ", ""],
    ["", "", "no site", "100 %", "a_b", "x"],
    ["won", "acme.example", "again", "ACME", "", ""],
]
RESULTS = ["scan_status", "failure_reason", "error", "verdict", "title", "best_email"]
STATUSES = ["complete", "failed", "rejected", "no_domain", "complete"]


def csv_of(rows: list[list[str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


def upload(console: Client, name: str, content: bytes, **fields: str) -> Batch:
    file = SimpleUploadedFile(name, content)
    console.post("/batches/new/", {"file": file, "keep_columns": "on", **fields})
    return Batch.objects.latest("created_at")


def scan(batch: Batch) -> None:
    """Complete every job of a batch except that of bakers.example."""
    for job in batch.jobs.select_related("domain"):
        if job.domain and job.domain.host == "bakers.example":
            fail(job, "tls_error", "No.")
        else:
            complete(job)


@pytest.fixture
def batch(console: Client) -> Batch:
    batch = upload(console, "crm.csv", csv_of([HEAD, *TABLE]))
    scan(batch)
    return batch


def export(console: Client, batch: Batch, kind: str, **params: str) -> bytes:
    query = urlencode({"batch": str(batch.pk), "format": kind, **params})
    response: Any = console.get(f"/exports/list/lines/?{query}")
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_a_csv_comes_back_with_the_results_beside_it(console: Client, batch: Batch) -> None:
    head, *rows = csv.reader(io.StringIO(export(console, batch, "csv").decode()))
    assert [unescape(name) for name in head[:6]] == HEAD
    assert [[unescape(cell) for cell in row[:6]] for row in rows] == TABLE
    results = [dict(zip(head[6:], row[6:], strict=True)) for row in rows]
    assert [row["scan_status"] for row in results] == STATUSES
    assert [row["best_email"] for row in results] == ["info@acme.example", "", "", "", ""] or (
        results[0]["best_email"] == results[4]["best_email"] == "info@acme.example"
    )
    assert results[0]["title"] == results[4]["title"] == "Welcome to acme.example"
    assert (results[1]["failure_reason"], results[1]["error"]) == ("tls_error", "No.")
    assert results[2]["error"].startswith("“localhost”") or results[2]["error"]
    assert set(RESULTS) <= results[0].keys()


def test_json_lines_have_every_value_unescaped_and_no_key_twice(
    console: Client, batch: Batch
) -> None:
    lines = [json.loads(line) for line in export(console, batch, "jsonl").splitlines()]
    assert [line["=Näme"] for line in lines] == [row[2] for row in TABLE]
    assert [line["list.name"] for line in lines] == [row[3] for row in TABLE]
    assert [line["list.name_5"] for line in lines] == [row[4] for row in TABLE]
    assert [(line["Status"], line["scan_status"]) for line in lines][:3] == [
        ("won", "complete"),
        ("lost", "failed"),
        ("open", "rejected"),
    ]


def test_a_workbook_comes_back_with_the_types_of_its_cells(console: Client) -> None:
    rows: list[list[Any]] = [
        ["Website", "Text", "Number", "Exact", "Flag", "Day", "Moment", "Clock"],
        ["a.example", "007", 7, 0.1, True, date(2026, 3, 1), datetime(2026, 3, 1, 9, 30),
         time(8, 5)],
        ["localhost", "12", -12.5, 1e300, False, date(1999, 12, 31), None, None],
        ["b.example", "=1+1", 2**40, -1e-9, None, None, datetime(2026, 1, 1, 0, 0, 1), None],
    ]  # fmt: skip
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active["B4"].data_type = "s"
    file = io.BytesIO()
    book.save(file)
    batch = upload(console, "crm.xlsx", file.getvalue())
    scan(batch)
    workbook = openpyxl.load_workbook(io.BytesIO(export(console, batch, "xlsx")))
    returned = [list(row) for row in workbook.active.iter_rows(values_only=True)]
    days = [
        [cell.date() if place == 5 and cell else cell for place, cell in enumerate(row[:8])]
        for row in returned[1:]
    ]
    assert returned[0][:8] == rows[0]
    assert days == rows[1:]
    assert [row[9] for row in returned] == ["Status", "complete", "rejected", "complete"]


def test_numbers_keep_all_of_their_digits() -> None:
    file = io.BytesIO()
    book = Workbook(file, [Column("number", "Number", value=lambda row: row)])
    numbers = [0.1 + 0.2, 1 / 3, 2.0**53 - 1, 5e-324]
    book.add(TypedText(repr(number), number) for number in numbers)
    book.close()
    sheet = openpyxl.load_workbook(file).active
    assert [cell.value for cell in list(sheet["A"])[1:]] == numbers


def test_two_thousand_rows_of_forty_columns_come_back_cell_by_cell(
    console: Client, user: User, settings: Any, tmp_path: Any
) -> None:
    settings.EXPORT_DIR = str(tmp_path)
    rows: list[list[Any]] = [["Website", *(f"Field {place}" for place in range(1, 40))]]
    for number in range(2_000):
        kinds = [
            f"text {number}",
            float(number),
            number % 2 == 0,
            date(2020, 1, 1 + number % 28),
            "",
        ]
        cells = [kinds[(number + place) % 5] for place in range(1, 40)]
        rows.append([f"s{number // 2}.example" if number % 7 else "localhost", *cells])
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    batch = upload(console, "crm.xlsx", file.getvalue())
    console.post("/exports/new/lines/", {"query": f"batch={batch.pk}", "format": "xlsx"})
    job = Export.objects.get()
    while job.is_active:
        background_exports.run_slice(str(job.pk))
        job.refresh_from_db()
    assert job.is_zipped is False
    returned = CalamineWorkbook.from_path(str(job.path)).get_sheet_by_index(0).to_python()
    assert [row[:40] for row in returned] == rows


def test_an_export_in_the_background_returns_the_same_file(
    console: Client, batch: Batch, user: User, settings: Any, tmp_path: Any
) -> None:
    settings.EXPORT_DIR = str(tmp_path)
    for kind in ("csv", "jsonl", "xlsx"):
        fields = {"query": f"batch={batch.pk}", "format": kind}
        assert console.post("/exports/new/lines/", fields).status_code == 302
        job = Export.objects.latest("created_at")
        background_exports.run_slice(str(job.pk))
        job.refresh_from_db()
        assert (job.status, job.row_count) == ("complete", len(TABLE))
        if kind != "xlsx":
            assert job.path.read_bytes() == export(console, batch, kind)


def test_skipped_domains_say_so(console: Client, default_tenant: Tenant) -> None:
    Domain.objects.create(tenant=default_tenant, host="bakers.example", title="Known")
    file = SimpleUploadedFile("crm.csv", csv_of([HEAD, *TABLE]))
    console.post("/batches/new/", {"check": "1", "file": file, "keep_columns": "on"})
    draft = console.get("/batches/drafts/").context["drafts"][0]
    fields = {"draft": str(draft.pk), "keep_columns": "on", "skip_older": "on"}
    console.post("/batches/new/", fields)
    rows = list(csv.DictReader(io.StringIO(export(console, Batch.objects.get(), "csv").decode())))
    assert (rows[1]["scan_status"], rows[1]["title"]) == ("skipped", "Known")


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("Status=WON", [2, 7]),
        ("list.website=bakers.example", [4]),
        ("Status=", [6]),
        ("a,b=007", [4]),
        ("name=acme", [2, 7]),
        ("again", [7]),
        ("ä", [5]),
        ("%", [6]),
        ("a_b", [6]),
        ('"b"', [2]),
    ],
)
def test_lines_and_jobs_can_be_filtered_by_a_column(
    console: Client, batch: Batch, value: str, lines: list[int]
) -> None:
    params = {"batch": str(batch.pk), "column": value}
    response = console.get("/api/v3/lines", params)
    assert response.status_code == 200, response.content
    assert [row["line"] for row in response.json()["items"]] == lines
    jobs = console.get(f"/api/v3/batches/{batch.pk}/jobs", {"column": value}).json()["items"]
    lines_of = {"acme.example": {2, 7}, "bakers.example": {4}}
    hosts = [host for host, numbers in lines_of.items() if numbers & set(lines)]
    assert [job["domain"] for job in jobs] == hosts
    page = console.get(f"/batches/{batch.pk}/", {"column": value}).content.decode()
    assert [host for host in lines_of if f">{host}</a>" in page] == hosts


def test_values_of_one_column_are_alternatives_and_columns_are_combined(
    console: Client, batch: Batch
) -> None:
    params = {"batch": str(batch.pk), "column": ["Status=won", "Status=lost", "a,b=007"]}
    rows = console.get("/api/v3/lines", params).json()["items"]
    assert [row["line"] for row in rows] == [4]


@pytest.mark.parametrize("value", ["Colour=red", "=red"])
def test_a_column_that_the_list_lacks_is_an_error_that_names_those_it_has(
    console: Client, batch: Batch, value: str
) -> None:
    response = console.get("/api/v3/lines", {"batch": str(batch.pk), "column": value})
    assert response.status_code == 422
    assert "Its columns are: Status, Website" in response.json()["detail"]
    response = console.get("/api/v3/jobs", {"column": value})
    assert (response.status_code, "Choose a batch" in response.json()["detail"]) == (422, True)


def test_jobs_show_the_columns_that_are_chosen(console: Client, batch: Batch) -> None:
    fields = "domain,list.status,list.a_b"
    for url in (f"/api/v3/batches/{batch.pk}/jobs", f"/api/v3/jobs?batch={batch.pk}"):
        rows = console.get(f"{url}{'&' if '?' in url else '?'}fields={fields}").json()["items"]
        assert rows == [
            {"domain": "acme.example", "list.status": "won", "list.a_b": "x\ny"},
            {"domain": "bakers.example", "list.status": "lost", "list.a_b": "007"},
        ]
    page = console.get(f"/batches/{batch.pk}/", {"columns": "domain,list.status"})
    assert page.content.decode().count('<th scope="col">Status</th>') == 2  # the job's, the list's
    back = {"column": ["domain", "list.status"], "back": f"batch={batch.pk}"}
    console.post("/columns/jobs/", back)
    page = console.get(f"/batches/{batch.pk}/")
    assert page.content.decode().count('<th scope="col">Status</th>') == 2  # the job's, the list's


def test_columns_of_a_strangers_batch_are_not_named(
    batch: Batch, stranger: User, client: Client
) -> None:
    client.force_login(stranger)
    params = {"batch": str(batch.pk), "column": "Colour=red"}
    response = client.get("/api/v3/lines", params)
    assert (response.status_code, "Website" in response.content.decode()) == (422, False)
    assert client.get("/api/v3/lines", {"batch": str(batch.pk)}).json()["items"] == []


def test_the_page_of_a_batch_offers_its_list_with_the_results(
    console: Client, batch: Batch
) -> None:
    page = console.get(f"/batches/{batch.pk}/").content.decode()
    assert f"/batches/lines/?batch={batch.pk}" in page
    rows = console.get("/batches/lines/", {"batch": str(batch.pk)}).content.decode()
    assert rows.count("<tr id=") == len(TABLE)
    console.post("/batches/new/", {"domains": "plain.example"})
    plain = Batch.objects.latest("created_at")
    assert "/batches/lines/" not in console.get(f"/batches/{plain.pk}/").content.decode()


def test_no_number_of_lines_needs_more_queries(
    console: Client, batch: Batch, django_assert_max_num_queries: Any
) -> None:
    names = ",".join(("domain", "list.status", "list.website", "technologies"))
    with django_assert_max_num_queries(25):
        console.get("/batches/lines/", {"batch": str(batch.pk)})
    with django_assert_max_num_queries(30):
        console.get(f"/batches/{batch.pk}/", {"columns": names})
