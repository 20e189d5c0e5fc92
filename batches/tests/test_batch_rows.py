"""All columns of a list are stored: pasted or uploaded, by command or API, in chunks."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from batches import building, large_lists, list_chunks, list_parsing
from batches.deletion import delete_domains, delete_some_jobs
from batches.large_lists import LargeList
from batches.models import Batch, BatchList, BatchRow
from batches.tests.outcomes import complete
from scans.models import Domain
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
COLUMNS = ["Name", "Website", "Näme"]
TABLE = (
    "Name,Website,Näme\n"
    'Acme,https://www.acme.example/about,"a, ""b""\nc"\n'
    "Bakers, bakers.example ,=1+1\n"
    "Nobody,localhost,x\n"
    "Empty,,y\n"
    "Acme again,acme.example,\n"
    "Two,two.example; localhost; acme.example,z\n"
)
ROWS = [
    (2, ["Acme", "https://www.acme.example/about", 'a, "b"\nc'], "acme.example", ""),
    (4, ["Bakers", " bakers.example ", "=1+1"], "bakers.example", ""),
    (5, ["Nobody", "localhost", "x"], None, "rejected"),
    (6, ["Empty", "", "y"], None, ""),
    (7, ["Acme again", "acme.example", ""], "acme.example", ""),
    (8, ["Two", "two.example; localhost; acme.example", "z"], "two.example", ""),
]
LINES = [
    {"domain": "acme.example", "crm": {"id": 7, "active": True}},
    {"domain": "localhost", "crm": {"id": 8}, "note": "x"},
    {"domain": "acme.example", "crm": None},
]


def rows_of(batch: Batch) -> list[tuple[int, list[str], str | None, str]]:
    rows = batch.rows.order_by("position")
    assert [row.position for row in rows] == list(range(len(rows)))
    return [
        (
            row.line,
            row.values,
            row.domain.host if row.domain else None,
            "rejected" if row.reason else "",
        )
        for row in rows.select_related("domain")
    ]


def post_lines(client: Client, body: str) -> Any:
    url = "/api/v3/batch_page_scraper/batch"
    return client.post(url, body, content_type="application/jsonl")


def create_large(tenant: Tenant, text: str, **how: Any) -> Batch:
    options = how.pop("options", {})
    with large_lists.saved_list(LargeList([text.encode()], **how)) as saved:
        return large_lists.create_large_batch(
            saved, tenant=tenant, created_by=None, options=options
        )


def read_in_steps(batch: Batch) -> int:
    """Read a list chunk by chunk, like processes that are killed; return the number of chunks."""
    steps = 1
    while not building.build(batch.pk, until=0):
        steps += 1
    batch.refresh_from_db()
    return steps


@pytest.mark.parametrize("way", ["paste", "file"])
def test_the_form_keeps_every_line_of_a_table_with_its_columns(console: Client, way: str) -> None:
    name = "firms.csv"
    fields: dict[str, Any] = {"keep_columns": "on"}
    fields |= (
        {"domains": TABLE} if way == "paste" else {"file": SimpleUploadedFile(name, TABLE.encode())}
    )
    console.post("/batches/new/", fields)
    batch = Batch.objects.get()
    assert batch.list_columns == COLUMNS
    assert rows_of(batch) == ROWS
    assert batch.total == 3


def test_a_draft_that_was_checked_keeps_the_columns_of_skipped_domains(
    console: Client, default_tenant: Tenant
) -> None:
    Domain.objects.create(tenant=default_tenant, host="bakers.example")
    file = SimpleUploadedFile("firms.csv", TABLE.encode())
    console.post("/batches/new/", {"check": "1", "file": file, "keep_columns": "on"})
    draft = console.get("/batches/drafts/").context["drafts"][0]
    fields = {"draft": str(draft.pk), "keep_columns": "on", "skip_older": "on"}
    console.post("/batches/new/", fields)
    batch = Batch.objects.get()
    assert rows_of(batch) == ROWS
    assert batch.total == 2
    jobs = {row.position: row.job for row in batch.rows.select_related("job")}
    assert jobs[0] is not None
    assert jobs[0] == jobs[4]
    assert jobs[1] is None


def test_lines_that_are_corrected_in_place_get_their_domains(console: Client) -> None:
    table = TABLE.replace("localhost; ", "")
    fields = {"domains": table, "keep_columns": "on", "fixes": "nobody.example"}
    console.post("/batches/new/", fields)
    batch = Batch.objects.get()
    assert rows_of(batch)[2] == (5, ["Nobody", "localhost", "x"], "nobody.example", "")
    assert batch.total == 4


def test_the_command_keeps_the_columns_unless_it_is_told_not_to(
    tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "firms.csv"
    path.write_text(TABLE)
    for arguments in ((), ("--no-keep-columns",)):
        call_command("create_batch", str(path), *arguments)
    first, second = (
        Batch.objects.get(pk=UUID(line)) for line in capsys.readouterr().out.splitlines()
    )
    assert rows_of(first) == ROWS
    assert (second.list_columns, second.rows.count(), second.total) == (None, 0, 3)


def test_the_api_keeps_the_keys_beside_the_domain(console: Client) -> None:
    body = "\n".join(json.dumps(line) for line in LINES)
    response = console.post(
        "/api/v3/batch_page_scraper/batch", body, content_type="application/jsonl"
    )
    assert response.status_code < 300, response.content
    batch = Batch.objects.get()
    assert batch.list_columns == ["domain", "crm.id", "crm.active", "note", "crm"]
    assert rows_of(batch) == [
        (1, ["acme.example", "7", "true", "", ""], "acme.example", ""),
        (2, ["localhost", "8", "", "x", ""], None, "rejected"),
        (3, ["acme.example", "", "", "", ""], "acme.example", ""),
    ]


@pytest.mark.parametrize(
    "body", ['"acme.example"\n"b.example"', '{"domain": "acme.example"}\n{"domain": "b.example"}']
)
def test_a_list_of_one_column_has_nothing_to_keep(console: Client, body: str) -> None:
    post_lines(console, body)
    batch = Batch.objects.get()
    assert (batch.total, batch.list_columns, batch.rows.count()) == (2, None, 0)


@pytest.mark.parametrize("is_json_lines", [False, True])
def test_a_large_list_that_is_resumed_after_every_chunk_keeps_each_line_once(
    default_tenant: Tenant,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: Any,
    is_json_lines: bool,
) -> None:
    settings.LIST_DIR = str(tmp_path)
    monkeypatch.setattr(list_chunks, "CHUNK_ENTRIES", 2)
    text = "\n".join(map(json.dumps, LINES * 3)) if is_json_lines else TABLE
    batch = create_large(default_tenant, text, is_json_lines=is_json_lines)
    assert read_in_steps(batch) >= 4
    if not is_json_lines:
        assert (batch.list_columns, rows_of(batch)) == (COLUMNS, ROWS)
        return
    assert batch.list_columns == ["domain", "crm.id", "crm.active", "note", "crm"]
    assert [row[0] for row in rows_of(batch)] == list(range(1, 10))
    assert {row[2] for row in rows_of(batch)} == {"acme.example", None}


def test_a_chunk_that_fails_leaves_none_of_its_rows(
    default_tenant: Tenant, settings: Settings, tmp_path: Path, monkeypatch: Any
) -> None:
    settings.LIST_DIR = str(tmp_path)
    monkeypatch.setattr(list_chunks, "CHUNK_ENTRIES", 2)
    batch = create_large(default_tenant, TABLE)
    while not batch.rows.exists():
        assert not building.build(batch.pk, until=0)

    def die(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(Batch.objects.all()), "add_built", die)
        with pytest.raises(KeyboardInterrupt):
            building.build(batch.pk)
    assert batch.rows.count() == BatchList.objects.get().rows == 2
    read_in_steps(batch)
    assert rows_of(batch) == ROWS


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"MAX_ROWS_PER_BATCH": 3}, "more than 3 rows"),
        ({"MAX_ROW_BYTES_PER_BATCH": 50}, "more than 50 bytes in its columns"),
    ],
)
def test_more_columns_than_a_batch_may_keep_are_refused_with_the_way_out(
    console: Client,
    default_tenant: Tenant,
    settings: Settings,
    tmp_path: Path,
    limit: dict[str, int],
    message: str,
) -> None:
    settings.LIST_DIR = str(tmp_path)
    for name, value in limit.items():
        setattr(settings, name, value)
    page = console.post("/batches/new/", {"domains": TABLE, "keep_columns": "on"})
    text = page.content.decode()
    assert message in text
    assert "switch off “Keep columns”" in text
    assert not Batch.objects.exists()
    batch = create_large(default_tenant, TABLE)
    read_in_steps(batch)
    assert (batch.status, message in batch.error) == (Batch.Status.FAILED, True)
    console.post("/batches/new/", {"domains": TABLE})
    assert Batch.objects.filter(total=3, list_columns__isnull=True).count() == 1


def test_a_list_with_much_in_its_columns_is_read_in_the_background(
    console: Client, settings: Settings, tmp_path: Path, monkeypatch: Any
) -> None:
    settings.LIST_DIR = str(tmp_path)
    monkeypatch.setattr(list_parsing, "MAX_ROW_BYTES_AT_ONCE", 60)
    console.post("/batches/new/", {"domains": TABLE, "keep_columns": "on"})
    batch = Batch.objects.get()
    assert batch.is_building
    read_in_steps(batch)
    assert rows_of(batch) == ROWS


def test_rows_are_deleted_with_their_batch_and_outlive_their_domains(
    console: Client, default_tenant: Tenant, monkeypatch: Any
) -> None:
    for _ in range(2):
        console.post("/batches/new/", {"domains": TABLE, "keep_columns": "on"})
    first, second = Batch.objects.order_by("pk")
    for job in first.jobs.all():
        complete(job)
    monkeypatch.setattr("batches.deletion.ROWS_AT_ONCE", 4)
    assert delete_some_jobs(first.pk, with_results=False)[2] is False
    assert delete_some_jobs(first.pk, with_results=False)[2] is True
    assert BatchRow.objects.values_list("batch", flat=True).distinct().get() == second.pk
    delete_domains(Domain.objects.all())
    assert not BatchRow.objects.exclude(domain=None).exists()
    assert [row[:2] for row in rows_of(second)] == [row[:2] for row in ROWS]
    default_tenant.batches.all().delete()
    assert not BatchRow.objects.exists()
