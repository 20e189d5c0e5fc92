"""The check shows the sheets and columns of a table, and others can be selected by a click."""

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from batches import building, services
from batches.models import Batch, Draft, RecurringBatch
from batches.tests.test_drafts import HTMX, check, groups

pytestmark = pytest.mark.django_db
PASTED = "Firm\tWebsite\tParent\nA\ta.example\tx.example\nB\tb.example\ty.example\n"
PARENTS = "Firm,Parent\nA,x.example\nB,y.example\n"


def workbook(**sheets: list[list[str]]) -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return SimpleUploadedFile("firms.xlsx", file.getvalue())


def two_sheets() -> SimpleUploadedFile:
    return workbook(
        Old=[["Firm", "Website"], ["Z", "z.example"]],
        Firms=[["Firm", "Website"], ["A", "a.example"], ["B", "b.example"]],
    )


def chosen(page: Any) -> tuple[list[str], list[str]]:
    """Return the sheet and the column that are marked as read."""
    table = page.context["table"]
    marked = [
        [one.label for one in part if one.is_chosen] for part in (table.sheets, table.columns)
    ]
    return marked[0], marked[1]


def hosts_of(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("domain__host", flat=True))


def test_the_columns_of_a_pasted_table_are_shown_with_its_first_rows(console: Client) -> None:
    page = check(console, domains=PASTED)
    assert chosen(page) == ([], ["Website"])
    assert page.context["table"].rows[0] == ["A", "a.example", "x.example"]
    text = page.content.decode()
    assert text.count('aria-pressed="true"') == 1
    assert 'name="pick_column" value="Parent"' in text


def test_a_click_chooses_another_column_which_the_batch_then_reads(console: Client) -> None:
    check(console, domains=PASTED)
    draft = str(Draft.objects.get().pk)
    fields = {"domains": PASTED, "draft": draft, "pick_column": "Parent"}
    page = console.post("/batches/new/", fields, follow=True)
    assert chosen(page) == ([], ["Parent"])
    assert [row.host for row in page.context["groups"][0]["rows"]] == ["x.example", "y.example"]
    assert page.context["form"]["column"].value() == "Parent"
    console.post("/batches/new/", {"domains": PASTED, "draft": draft, "column": "Parent"})
    assert hosts_of(Batch.objects.get()) == ["x.example", "y.example"]


def test_a_click_chooses_another_sheet_of_the_kept_file(console: Client) -> None:
    page = check(console, file=two_sheets())
    assert chosen(page) == (["Firms"], ["Website"])
    draft = str(Draft.objects.get().pk)
    picked = {"draft": draft, "pick_sheet": "Old", "column": "Website"}
    page = console.post("/batches/new/", picked, follow=True)
    assert chosen(page) == (["Old"], ["Website"])
    assert page.context["form"]["column"].value() == ""
    console.post("/batches/new/", {"draft": draft, "sheet": "Old"})
    assert hosts_of(Batch.objects.get()) == ["z.example"]


def test_another_file_is_not_read_by_the_sheet_of_the_one_before(console: Client) -> None:
    check(console, file=two_sheets())
    draft = str(Draft.objects.get().pk)
    console.post("/batches/new/", {"draft": draft, "pick_sheet": "Old"})
    other = workbook(Clients=[["Firm", "Website"], ["C", "c.example"]])
    other.name = "clients.xlsx"
    page = check(console, draft=draft, sheet="Old", file=other)
    assert groups(page)["new"] == 1
    assert page.context["table"].sheets == ()


def test_a_column_without_domains_is_shown_so_that_another_can_be_chosen(console: Client) -> None:
    file = SimpleUploadedFile("firms.csv", b"Firm,City\nA,Rome\nB,Oslo\n")
    page = check(console, file=file)
    assert "No column of the file contains domains." in page.content.decode()
    assert [one.label for one in page.context["table"].columns] == ["Firm", "City"]
    assert chosen(page) == ([], [])


def test_a_pasted_table_without_the_named_column_says_which_it_has(console: Client) -> None:
    text = check(console, domains=PASTED, column="Homepage").content.decode()
    assert "no column named “Homepage”. Its columns are: Firm, Website, Parent." in text


def test_columns_of_the_same_name_are_chosen_by_their_number(console: Client) -> None:
    file = SimpleUploadedFile("firms.csv", b"Firm,Website,Website\nA,a.example,b.example\n")
    page = check(console, file=file)
    assert [one.value for one in page.context["table"].columns] == ["Firm", "2", "3"]


def test_a_click_with_javascript_replaces_the_check_and_the_field(console: Client) -> None:
    fields = {"domains": PASTED, "check": "1", "pick_column": "Parent"}
    text = console.post("/batches/new/", fields, headers=HTMX).content.decode()
    [field] = [tag for tag in text.split("<") if 'id="id_column"' in tag]
    assert 'value="Parent"' in field
    assert 'hx-swap-oob="true"' in field
    plain = console.post("/batches/new/", {"domains": PASTED, "check": "1"}, headers=HTMX)
    assert "hx-swap-oob" not in plain.content.decode()


def test_a_plain_list_offers_no_columns(console: Client) -> None:
    assert check(console, domains="a.example\nb.example").context["table"] is None


def test_a_large_workbook_is_read_by_the_chosen_sheet(
    console: Client, settings: Settings, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LIST_DIR = str(tmp_path / "lists")
    monkeypatch.setattr(services, "MAX_DOMAINS", 1)
    book = workbook(
        Old=[["Website"], ["y.example"], ["z.example"]],
        Firms=[["Website"], ["a.example"], ["b.example"], ["c.example"]],
    )
    console.post("/batches/new/", {"file": book, "pick_sheet": "Old"})
    draft = str(Draft.objects.get().pk)
    console.post("/batches/new/", {"draft": draft, "sheet": "Old"})
    batch = Batch.objects.get()
    building.build(batch.pk)
    assert hosts_of(batch) == ["y.example", "z.example"]


def test_a_schedule_keeps_the_domains_of_the_chosen_column(console: Client) -> None:
    fields = {"name": "Parents", "domains": PARENTS, "column": "Parent", "frequency": "daily"}
    console.post("/schedules/new/", fields | {"time_of_day": "06:00", "time_zone": "UTC"})
    assert RecurringBatch.objects.get().domains == "x.example\ny.example"
