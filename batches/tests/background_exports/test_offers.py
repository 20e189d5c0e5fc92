"""Exports are offered by the pages of lists, the API and the command line."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches.background_exports import call_next
from batches.models import Batch, Export
from batches.services import create_batch
from batches.tests.api_clients import program_of
from batches.tests.background_exports.runs import body, run_to_end, start
from batches.tests.outcomes import complete
from scans.engine.report import Contact, ContactKind, Technology
from scans.lists import CONTACTS
from scans.models import Domain
from scans.services import ensure_domains
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.web import spreadsheet
from scrapersky.web.lists.definition import get_list
from scrapersky.web.lists.formats import Format

pytestmark = pytest.mark.django_db


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


def test_the_properties_of_a_workbook_hold_any_filter(console: Client) -> None:
    content = body(console.get("/exports/list/contacts/?format=xlsx&words=a%01b%EF%BF%BFc"))
    properties = openpyxl.load_workbook(io.BytesIO(content)).properties
    assert properties.description.startswith(r"Filter: Words on the site: a\x01b\uffffc. Read from")


def test_a_large_list_is_offered_in_the_background(
    console: Client, domains: list[Domain], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.views.exports.MOST_STREAMED", 10)
    page = console.get("/exports/list/domains/?q=s0&format=csv&columns=host")
    assert "Export in the background" in page.content.decode()
    sent = {"query": "q=s0", "columns": "host", "format": "csv"}
    assert console.post("/exports/new/domains/", sent).headers["Location"] == "/exports/"
    export = Export.objects.get()
    assert (export.query, export.columns, export.expected) == ("q=s0", ["host"], 0)


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


def test_every_list_can_be_exported(console: Client, domains: list[Domain]) -> None:
    for kind in Format:
        content = body(console.get(f"/exports/list/{CONTACTS.name}/?format={kind.value}"))
        assert content or kind is Format.JSON_LINES
    assert console.get("/exports/list/domains/?format=docx").status_code == 422
    call_next()


def test_older_exports_are_on_further_pages(
    console: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.views.exports.SHOWN", 2)
    exports = [start(user) for _ in range(3)]
    first, second = (console.get(f"/exports/?page={n}").content.decode() for n in (1, 2))
    assert f"/exports/{exports[0].pk}/cancel/" not in first
    assert f"/exports/{exports[0].pk}/cancel/" in second


def test_exports_of_batches_are_listed_with_their_filters_in_few_queries(
    console: Client, user: User, default_tenant: Tenant
) -> None:
    definition, counts = get_list("jobs"), []
    for name in ("one", "two", "three"):
        batch = create_batch(
            tenant=default_tenant, created_by=user, domains=[f"{name}.example"], name=name
        )
        Batch.objects.filter(pk=batch.pk).update(list_columns=["City"])
        query = f"batch={batch.pk}&status=failed&column=City%3DBerlin"
        start(user, query=query, definition=definition)
        with CaptureQueriesContext(connection) as queries:
            page = console.get("/exports/").content.decode()
        counts.append(len(queries))
        filters = f"Status: Failed, Batch: {batch.pk}, Your list: City=Berlin"
        assert filters in page
    assert counts[0] == counts[1] == counts[2]


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


def test_the_api_lists_the_exports_of_the_users_tenants(
    user: User, stranger: User, domains: list[Domain]
) -> None:
    mine, theirs = start(user), start(stranger)
    for who, export in ((user, mine), (stranger, theirs)):
        listed = program_of(who).get("/api/v3/exports").json()
        assert [row["export_id"] for row in listed] == [str(export.pk)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"list": "colours"},
        {"query": "verdict=red"},
        {"query": "verdicts=ok"},
        {"columns": ["colour"]},
    ],
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
    message = io.StringIO()
    call_command("export", "domains", str(file), stderr=message, **params)
    assert "10 rows written. The filter is “q=s00”; each row is as it was" in message.getvalue()
    assert file.read_text().split() == ["host", *(f"s00{n}.example" for n in range(10))]
    message = io.StringIO()
    call_command("export", "domains", str(file), format="xlsx", stderr=message, user=user.username)
    assert "60 rows written. 1 texts cut to 32,767 characters." in message.getvalue()
    with pytest.raises(CommandError, match="there is no column colour"):
        call_command("export", "domains", str(file), user=user.username, columns="colour")
    with pytest.raises(CommandError, match="verdict"):
        call_command("export", "domains", str(file), user=user.username, query="verdict=red")


def test_the_command_starts_a_background_export_of_a_tenant(
    user: User, domains: list[Domain], other_tenant: Tenant
) -> None:
    Membership.objects.create(user=user, tenant=other_tenant, role=Membership.Role.MEMBER)
    ensure_domains(tenant=other_tenant, hosts=["second.example"])
    printed, message = io.StringIO(), io.StringIO()
    params: dict[str, Any] = {"user": user.username, "background": True}
    wanted = {**params, "tenant": other_tenant.pk, "columns": "host"}
    call_command("export", "domains", stdout=printed, stderr=message, **wanted)
    export = Export.objects.get()
    assert printed.getvalue() == f"{export.pk}\n"
    run_to_end(export)
    url = f"/api/v3/exports/{export.pk}"
    assert f"poll {url}, or see the console's page /exports/." in message.getvalue()
    rows = body(program_of(user).get(f"{url}/download")).decode()
    assert rows.split() == ["host", "second.example"]


def test_the_command_names_why_it_starts_no_background_export(user: User) -> None:
    params: dict[str, Any] = {"user": user.username, "background": True}
    with pytest.raises(CommandError, match="There is no column “colour”"):
        call_command("export", "domains", columns="colour", **params)
    with pytest.raises(CommandError, match="You cannot export from a tenant with this id"):
        call_command("export", "domains", tenant=UUID(int=7), **params)
    with pytest.raises(CommandError, match="either the file to write or --background"):
        call_command("export", "domains", "-", **params)
    with pytest.raises(CommandError, match="either the file to write or --background"):
        call_command("export", "domains", user=user.username)
    assert not Export.objects.exists()


def test_the_page_of_a_batch_offers_its_sites_as_a_workbook(
    console: Client, domains: list[Domain], default_tenant: Tenant
) -> None:
    kwargs: dict[str, Any] = {"tenant": default_tenant, "created_by": None}
    batch = create_batch(domains=["one.example", "two.example"], **kwargs)
    create_batch(domains=["three.example"], **kwargs)
    page = console.get(f"/batches/{batch.pk}/").content.decode()
    path = f"/exports/list/jobs/?batch={batch.pk}&format=xlsx"
    assert path.replace("&", "&amp;") in page
    sheet: Any = openpyxl.load_workbook(io.BytesIO(body(console.get(path)))).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["one.example", "two.example"]


def test_jobs_have_the_evidence_of_their_domains_as_columns(
    console: Client, default_tenant: Tenant
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    page = "https://a.example/contact"
    contacts = (
        Contact(ContactKind.EMAIL, "info@a.example", page_url=page),
        Contact(ContactKind.ADDRESS, "Am Markt 1, 10115 Berlin", page_url=page),
    )
    complete(
        batch.jobs.get(),
        contacts=contacts,
        technologies=(Technology("WordPress", "CMS", version="6.4"),),
    )
    query = f"batch={batch.pk}&format=jsonl&columns=addresses,versions,source_pages"
    row = json.loads(body(console.get(f"/exports/list/jobs/?{query}")))
    assert row == {
        "addresses": ["Am Markt 1, 10115 Berlin"],
        "versions": {"WordPress": "6.4"},
        "source_pages": [page],
    }
