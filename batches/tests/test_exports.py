"""Downloading the results of a batch."""

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches import exports
from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.lists.formats import Format
from scrapersky.web.spreadsheet import unescape

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(default_tenant: Tenant) -> Batch:
    """Return a batch of a complete, a failed and a waiting job."""
    hosts = ["good.example", "bad.example", "waiting.example"]
    created = create_batch(tenant=default_tenant, created_by=None, domains=hosts, name="Bäcker 1")
    good, bad, _ = created.jobs.order_by("position")
    complete(good)
    fail(bad, "dns_not_found", "The domain name does not resolve to an address.")
    return created


@pytest.fixture
def console(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body_of(response: HttpResponseBase) -> bytes:
    assert response.streaming
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def rows_of(batch: Batch) -> list[dict[str, str]]:
    text = body_of(exports.csv_download(batch)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_csv_has_a_row_for_each_domain_in_the_order_given(batch: Batch) -> None:
    good, bad, waiting = rows_of(batch)
    assert tuple(good) == exports.COLUMNS
    assert good == {
        "domain": "good.example",
        "status": "complete",
        "verdict": "ok",
        "failure_reason": "",
        "error": "",
        "final_url": "https://good.example/",
        "title": "Welcome to good.example",
        "description": "Bäckerei & more",
        "language": "de",
        "best_email": "info@good.example",
        "best_phone": "+49301234567",
        "emails": "info@good.example",
        "phones": "+49301234567; +49307654321",
        "social": "https://github.com/baker",
        "addresses": "",
        "technologies": "WordPress; nginx",
        "sitemaps": "1",
        "pages": "2",
        "seconds": "2.5",
        "scanned_at": "2026-11-20T09:00:02+00:00",
    }
    assert (bad["domain"], bad["status"], bad["failure_reason"]) == (
        "bad.example",
        "failed",
        "dns_not_found",
    )
    assert bad["error"] == "The domain name does not resolve to an address."
    assert (waiting["status"], waiting["scanned_at"], waiting["pages"]) == ("pending", "", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(
    default_tenant: Tenant, start: str
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    title = f'{start}HYPERLINK("http://evil.example","x")'
    complete(batch.jobs.get(), title=title)
    assert unescape(rows_of(batch)[0]["title"]) == title
    assert rows_of(batch)[0]["title"].startswith(f"'{start}")


def test_phone_numbers_are_whole_for_programs_and_text_for_spreadsheets(batch: Batch) -> None:
    assert rows_of(batch)[0]["phones"] == "+49301234567; +49307654321"
    text = body_of(exports.csv_download(batch, Format.CSV_SPREADSHEET)).decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert row["phones"] == "'+49301234567; +49307654321"
    assert unescape(row["phones"]) == "+49301234567; +49307654321"


def test_a_formula_behind_a_semicolon_is_made_text(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    complete(batch.jobs.get(), title="Shop;=1+1")
    assert rows_of(batch)[0]["title"] == "Shop;'=1+1"


def test_quotes_commas_and_line_ends_stay_in_their_cell(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    complete(batch.jobs.get(), title='One, "two"\nthree; Ωμέγα 🥐')
    assert rows_of(batch)[0]["title"] == 'One, "two"\nthree; Ωμέγα 🥐'


def test_the_json_holds_values_as_found_and_the_whole_report(batch: Batch) -> None:
    good, bad, waiting = json.loads(body_of(exports.json_download(batch)))
    assert good["phones"] == ["+49301234567", "+49307654321"]
    assert (good["sitemaps"], good["pages"], good["seconds"]) == (1, 2, 2.5)
    assert good["report"]["contacts"][0]["label"] == "corporate"
    assert good["report"]["sitemaps"][0]["url"] == "https://good.example/sitemap.xml"
    assert bad["failure_reason"] == "dns_not_found"
    assert bad["report"]["requests"]
    assert waiting["report"] is None
    assert set(exports.COLUMNS) < set(good) == set(bad)


def test_a_batch_without_jobs_is_an_empty_array(default_tenant: Tenant) -> None:
    batch = Batch.objects.create(tenant=default_tenant, legacy_id=1)
    assert json.loads(body_of(exports.json_download(batch))) == []
    assert rows_of(batch) == []


def test_a_job_in_test_mode_is_read_from_its_own_result(batch: Batch) -> None:
    job = batch.jobs.get(domain__host="good.example")
    assert job.scan is not None
    report = {**job.scan.report, "title": "Only here", "pages": [{"url": "https://good.example/"}]}
    report.pop("page_count")
    Job.objects.filter(pk=job.pk).update(scan=None, result=report)
    assert (rows_of(batch)[0]["title"], rows_of(batch)[0]["pages"]) == ("Only here", "1")


@pytest.mark.parametrize(
    "result",
    [None, 7, "text", [1], {"contacts": 5}, {"sitemaps": {"a": 1}}, {"title": "x", "verdict": "y"}],
)
def test_any_result_of_an_older_system_is_carried(batch: Batch, result: Any) -> None:
    job = batch.jobs.get(domain__host="good.example")
    Job.objects.filter(pk=job.pk).update(scan=None, domain=None, legacy_id=1, result=result)
    carried = json.loads(body_of(exports.json_download(batch)))[0]
    assert (carried["domain"], carried["report"]) == ("", result)
    assert rows_of(batch)[0]["status"] == "complete"


def test_the_counts_of_a_sitemap_import_are_told(batch: Batch) -> None:
    job = batch.jobs.get(domain__host="good.example")
    Job.objects.filter(pk=job.pk).update(scan=None, result={"sitemaps": 3, "pages": 40})
    assert (rows_of(batch)[0]["sitemaps"], rows_of(batch)[0]["pages"]) == ("3", "40")


def test_every_job_is_read_once_whatever_the_positions(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "READ_AT_ONCE", 3)
    hosts = [f"d{number}.example" for number in range(11)]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    assert [row["domain"] for row in rows_of(batch)] == hosts
    batch.jobs.update(position=4)  # what an older system left has no order
    assert sorted(row["domain"] for row in rows_of(batch)) == sorted(hosts)


def test_a_page_of_rows_takes_two_queries(batch: Batch) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        rows_of(batch)
    # the page of three rows, what users corrected on their domains, and the empty page after it
    assert len(queries) == 3


def test_the_console_hands_the_files_out_under_a_name(batch: Batch, console: Client) -> None:
    table = console.get(f"/batches/{batch.pk}/results.csv")
    assert table["Content-Type"] == "text/csv; charset=utf-8"
    assert table["Content-Disposition"] == 'attachment; filename="backer-1.csv"'
    assert body_of(table).startswith("\ufeffdomain,status,".encode())
    array = console.get(f"/batches/{batch.pk}/results.json")
    assert array["Content-Type"] == "application/json"
    assert len(json.loads(body_of(array))) == 3


def test_the_files_of_another_tenant_do_not_exist(batch: Batch, stranger: User) -> None:
    client = Client()
    client.force_login(stranger)
    for suffix in ("csv", "json"):
        assert client.get(f"/batches/{batch.pk}/results.{suffix}").status_code == 404


def test_the_files_need_a_login(batch: Batch) -> None:
    for suffix in ("csv", "json"):
        answer = Client().get(f"/batches/{batch.pk}/results.{suffix}")
        assert answer.status_code == 302
