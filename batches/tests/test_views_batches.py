"""The pages of batches."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batches.models import Batch
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from batches.tests.running import running_batch, scan_now
from scrapersky.tenants.models import ApiToken, Membership, Tenant, User

pytestmark = pytest.mark.django_db
NEW = "/batches/new/"
DEFAULTS = {"obey_robots": "on", "follow": "on", "sitemaps": "on", "max_concurrent": "25"}


def page(client: Client, url: str, **params: Any) -> str:
    response = client.get(url, params)
    assert response.status_code == 200
    return response.content.decode()


def queries(client: Client, url: str, **headers: Any) -> int:
    client.get(url, headers=headers)
    with CaptureQueriesContext(connection) as params:
        assert client.get(url, headers=headers).status_code == 200
    return len(params)


def make(tenant: Tenant, name: str = "", *, count: int = 1) -> Batch:
    hosts = [f"{number}.example.com" for number in range(count)]
    return create_batch(tenant=tenant, created_by=None, domains=hosts, name=name)


# The list


def test_an_empty_list_shows_the_next_step_and_nothing_to_filter(
    console: Client, default_tenant: Tenant
) -> None:
    empty = page(console, "/batches/")
    assert "No batches yet" in empty
    assert "More filters" not in empty
    assert "More filters" in page(console, "/batches/", q="spring")
    make(default_tenant, "Spring list")
    assert "More filters" in page(console, "/batches/")


def test_batches_are_found_by_part_of_their_name_and_by_status(
    console: Client, default_tenant: Tenant
) -> None:
    make(default_tenant, "Spring list")
    make(default_tenant, "Autumn list")
    rows = page(console, "/batches/", q="spring")
    assert "Spring list" in rows
    assert "Autumn list" not in rows
    assert "No batch matches" in page(console, "/batches/", status="failed")


def test_a_batch_is_found_by_its_id(console: Client, default_tenant: Tenant) -> None:
    batch = make(default_tenant, "Spring list")
    make(default_tenant, "Autumn list")
    rows = page(console, "/batches/", q=str(batch.pk))
    assert "Spring list" in rows
    assert "Autumn list" not in rows


def test_an_unknown_status_narrows_nothing(console: Client, default_tenant: Tenant) -> None:
    make(default_tenant, "Spring list")
    assert "Spring list" in page(console, "/batches/", status="exploded")


def test_the_list_is_paged_by_links(console: Client, default_tenant: Tenant) -> None:
    for number in range(52):
        make(default_tenant, f"List {number:02}")
    first = page(console, "/batches/")
    link = re.search(r'rel="next" href="([^"]+)"', first)
    assert link is not None
    second = page(console, unescape(link[1]))
    assert "List 00" in second
    assert "List 02" not in second


def test_the_queries_of_the_list_do_not_grow_with_its_rows(
    console: Client, default_tenant: Tenant
) -> None:
    make(default_tenant)
    few = queries(console, "/batches/")
    for _ in range(10):
        make(default_tenant)
    assert queries(console, "/batches/") == few


# A new one


def test_a_pasted_list_becomes_a_batch(console: Client, user: User) -> None:
    sent = DEFAULTS | {"name": "Mine", "domains": "https://www.a.com/x, b.com\nb.com"}
    response = console.post(NEW, sent)
    batch = Batch.objects.get()
    assert response.url == reverse("batch_detail", args=[batch.pk])  # type: ignore[attr-defined]
    assert (batch.name, batch.total, batch.created_by) == ("Mine", 2, user)
    assert batch.scan_options.obey_robots is True


def test_options_are_taken_from_the_form(console: Client) -> None:
    sent = {"domains": "a.com", "max_concurrent": "7", "site_deadline": "12.5", "follow": "on"}
    console.post(NEW, sent)
    options = Batch.objects.get().scan_options
    assert (options.max_concurrent, options.site_deadline) == (7, 12.5)
    assert (options.follow, options.sitemaps, options.max_pages) == (True, False, 1_000)


def test_refused_lines_are_shown_on_the_page_of_the_batch_and_the_good_ones_run(
    console: Client,
) -> None:
    text = "a.com\nlocalhost\ninfo@b.com\n" + "x" * 300 + ".com"
    response = console.post(NEW, DEFAULTS | {"domains": text}, follow=True)
    body = response.content.decode()
    assert Batch.objects.get().total == 1
    assert "3 lines of the list were rejected" in body
    assert '<code class="wrap">localhost</code>' in body
    assert re.search(r"info@b\.com.*e-mail", body, re.DOTALL)


@pytest.mark.parametrize("value", ["0", "501", "many", "2.5"])
def test_an_option_out_of_bounds_is_refused_with_what_is_expected(
    console: Client, value: str
) -> None:
    sent = DEFAULTS | {"name": "Kept name", "domains": "a.com", "max_concurrent": value}
    body = console.post(NEW, sent).content.decode()
    assert not Batch.objects.exists()
    assert 'value="Kept name"' in body
    assert ">\na.com</textarea>" in body
    assert '<details class="card options" open>' in body


def test_a_list_without_one_good_line_comes_back_with_everything_typed(console: Client) -> None:
    sent = DEFAULTS | {"name": "Kept name", "domains": "localhost\n192.168.0.1"}
    body = console.post(NEW, sent).content.decode()
    assert not Batch.objects.exists()
    assert "None of the 2 entries is a domain that can be scanned." in body
    assert "localhost\n192.168.0.1</textarea>" in body
    assert 'value="Kept name"' in body


@pytest.mark.parametrize("text", ["", "  \n ", "# only a comment"])
def test_a_form_without_domains_says_so(console: Client, text: str) -> None:
    body = console.post(NEW, DEFAULTS | {"domains": text}).content.decode()
    assert not Batch.objects.exists()
    assert 'id="id_domains_error"' in body


def test_a_csv_file_is_read_by_the_chosen_column(console: Client) -> None:
    file = SimpleUploadedFile("list.csv", b"domain,other\na.com,b.com\n")
    console.post(NEW, DEFAULTS | {"file": file, "column": "other"})
    assert Batch.objects.get().jobs.get().domain.host == "b.com"  # type: ignore[union-attr]


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"\x00\x01\x02", b'a,b\n"never closed,c\nd,e\n'])
def test_a_broken_upload_is_answered_in_a_sentence_and_loses_nothing_typed(
    console: Client, data: bytes
) -> None:
    file = SimpleUploadedFile("list.csv", data)
    response = console.post(NEW, DEFAULTS | {"name": "Kept name", "file": file})
    body = response.content.decode()
    assert response.status_code == 200
    assert 'id="id_file_error"' in body
    assert 'value="Kept name"' in body


def test_an_empty_file_is_refused(console: Client) -> None:
    file = SimpleUploadedFile("list.txt", b"")
    assert "empty" in console.post(NEW, DEFAULTS | {"file": file}).content.decode()


def test_a_list_and_a_file_at_once_are_refused(console: Client) -> None:
    file = SimpleUploadedFile("list.txt", b"b.com")
    body = console.post(NEW, DEFAULTS | {"domains": "a.com", "file": file}).content.decode()
    assert "not both" in body
    assert "a.com</textarea>" in body


def test_what_is_pasted_is_never_read_as_markup(console: Client) -> None:
    sent = DEFAULTS | {"name": "<b>bold</b>", "domains": "a.com\n<script>alert(1)</script>"}
    body = console.post(NEW, sent, follow=True).content.decode()
    assert "<b>bold" not in body
    assert "<script>alert" not in body


def test_a_viewer_may_look_but_not_start_anything(
    console: Client, user: User, default_tenant: Tenant
) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    batch = make(default_tenant)
    assert page(console, f"/batches/{batch.pk}/")
    response = console.post(NEW, DEFAULTS | {"domains": "a.com"})
    assert response.status_code == 403
    assert "can view" in response.content.decode()


# The demo


def test_the_demo_is_one_click_where_the_demo_sites_are_served(
    console: Client, settings: Any
) -> None:
    settings.DEMO_SITES = True
    settings.SCAN_HOST_MAP = (("*.demo.test", "127.0.0.1:1"),)
    assert "/batches/demo/" in page(console, NEW)
    assert "/batches/demo/" in page(console, "/batches/")
    console.post("/batches/demo/")
    assert Batch.objects.get().total == 12


def test_there_is_no_demo_where_its_sites_are_not_served(console: Client, settings: Any) -> None:
    settings.DEMO_SITES = False
    assert "/batches/demo/" not in page(console, NEW)
    assert console.post("/batches/demo/").status_code == 404
    assert not Batch.objects.exists()


# One batch


def test_a_running_batch_shows_what_is_scanned_and_updates_itself(
    console: Client, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    body = page(console, f"/batches/{batch.pk}/")
    assert f'hx-get="/batches/{batch.pk}/progress/?tab=results"' in body
    assert f'hx-get="/batches/{batch.pk}/jobs/?shown=' in body
    assert "Reading sitemaps" in body
    assert "DNS not found" in body
    assert "does not refresh automatically" in body
    assert "The batch is running, 25 % of the sites are done, some sites have failed." in body


def test_the_tabs_show_failures_activity_and_settings(
    console: Client, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    for tab, text in (
        ("failures", "A retry will fail the same way unless the site changes."),
        ("failures", "The domain has expired, was never registered or is misspelt."),
        ("failures", "Check the spelling, or remove it from the list."),
        ("activity", "Reading sitemaps"),
        ("settings", "Duplicate as a new batch"),
    ):
        assert text in page(console, f"/batches/{batch.pk}/{tab}/")
    settings = page(console, f"/batches/{batch.pk}/settings/")
    assert "API token" not in settings


def test_each_status_shows_its_number_and_domains_can_be_searched(
    console: Client, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    body = page(console, f"/batches/{batch.pk}/", domain="host003")
    counts = re.findall(r'(\w+) <span class="count">(\d+)</span>', body)
    assert {("All", "7"), ("Complete", "2"), ("Failed", "1"), ("Pending", "3")} <= set(counts)
    assert "host003.example" in body
    assert f'href="/jobs/{batch.jobs.get(position=4).pk}/"' not in body


def test_rows_that_are_shown_stay_in_their_order_and_others_are_counted(
    console: Client, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    third, first = batch.jobs.get(position=2), batch.jobs.get(position=0)
    url = f"/batches/{batch.pk}/jobs/?status=complete&shown={third.pk.hex},{first.pk.hex}"
    body = console.get(url, headers={"HX-Request": "true"}).text
    assert re.findall(r'<tr id="job-([^"]+)"', body) == [str(third.pk), str(first.pk)]
    assert "1 new" in body
    assert f"shown={third.pk.hex}%2C{first.pk.hex}" in body


def test_idns_are_shown_as_people_write_them(console: Client, default_tenant: Tenant) -> None:
    hosts = ["xn--bcher-kva.example", "b.example", "xn--kse-qla.example"]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    complete(batch.jobs.get(position=0))
    scan_now(batch.jobs.get(position=2))
    results = page(console, f"/batches/{batch.pk}/")
    assert "bücher.example, b.example, käse.example" in results
    assert re.search(r'title="xn--bcher-kva\.example">bücher\.example</a>', results)
    activity = page(console, f"/batches/{batch.pk}/activity/")
    assert ">käse.example</a>" in activity
    assert ">bücher.example</a>" in activity
    job = page(console, f"/jobs/{batch.jobs.get(position=0).pk}/")
    assert re.search(r"bücher\.example <small[^>]*>xn--bcher-kva\.example", job)


def test_a_batch_is_renamed(console: Client, default_tenant: Tenant) -> None:
    batch = make(default_tenant)
    response = console.post(f"/batches/{batch.pk}/rename/", {"name": " Autumn "}, follow=True)
    assert "The batch is renamed." in response.text
    assert "Autumn" in page(console, "/batches/")
    refused = console.post(f"/batches/{batch.pk}/rename/", {"name": "x" * 201})
    assert "at most 200 characters" in refused.text


def test_a_duplicate_starts_from_the_domains_and_options_of_its_batch(
    console: Client, default_tenant: Tenant
) -> None:
    batch = make(default_tenant, count=2)
    Batch.objects.filter(pk=batch.pk).update(options={"max_pages": 77}, name="Spring")
    body = page(console, "/batches/new/", copy=str(batch.pk))
    assert "0.example.com\n1.example.com" in body
    assert 'value="Copy of Spring"' in body
    assert 'value="77"' in body
    assert page(console, "/batches/new/", copy="nonsense")


def test_a_batch_of_a_program_names_its_token(client: Client, user: User) -> None:
    _, token = ApiToken.create(user=user, name="Nightly import")
    response = client.post(
        "/api/v3/batch_page_scraper/batch",
        {"domains": ["a.example", "b.example"]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    client.force_login(user)
    body = page(client, f"/batches/{response.json()['batch_id']}/")
    assert "a.example, b.example" in body
    assert "with the API token “Nightly import”" in body


def test_a_batch_that_has_ended_updates_nothing(console: Client, default_tenant: Tenant) -> None:
    batch = make(default_tenant)
    complete(batch.jobs.get())
    assert "hx-trigger" not in page(console, f"/batches/{batch.pk}/")
    for part in ("progress", "jobs"):
        response = console.get(f"/batches/{batch.pk}/{part}/", headers={"HX-Request": "true"})
        assert response.status_code == 200
        assert b"hx-trigger" not in response.content


@pytest.mark.parametrize("part", ["progress", "jobs"])
def test_a_fragment_opened_as_a_page_leads_to_the_whole_page(
    console: Client, default_tenant: Tenant, part: str
) -> None:
    batch = make(default_tenant)
    response = console.get(f"/batches/{batch.pk}/{part}/?status=failed")
    assert response.status_code == 302
    assert response.headers["Location"] == f"/batches/{batch.pk}/?status=failed"


def test_jobs_are_filtered_by_status_and_by_cause(console: Client, default_tenant: Tenant) -> None:
    batch = make(default_tenant, count=3)
    first, second, third = batch.jobs.order_by("position")
    complete(first)
    fail(second, "tls_error", "The certificate is too old.")
    fail(third, "dns_not_found", "No such name.")
    url = f"/batches/{batch.pk}/"
    failed = page(console, url, status="failed")
    assert "The certificate is too old." in failed
    assert "No such name." in failed
    assert "Welcome to 0.example.com" not in failed
    by_cause = page(console, url, status="failed", reason="tls_error")
    assert "No such name." not in by_cause
    assert "No site of this batch has this status" in page(console, url, status="cancelled")


@pytest.mark.parametrize("part", ["", "progress/", "jobs/", "failures/", "activity/"])
def test_the_queries_of_a_batch_do_not_grow_with_its_jobs(
    console: Client, default_tenant: Tenant, part: str
) -> None:
    small = running_batch(default_tenant, complete_jobs=3, failed_jobs=1)
    few = queries(console, f"/batches/{small.pk}/{part}", **{"HX-Request": "true"})
    Batch.objects.all().delete()
    large = running_batch(default_tenant, complete_jobs=30, failed_jobs=15)
    assert queries(console, f"/batches/{large.pk}/{part}", **{"HX-Request": "true"}) == few


def test_a_batch_whose_list_is_being_read_says_when_its_sites_appear(
    console: Client, default_tenant: Tenant
) -> None:
    batch = Batch.objects.create(tenant=default_tenant, is_building=True, name="Directory")
    text = page(console, f"/batches/{batch.pk}/")
    assert "The sites are listed here once the whole list has been read." in text


def test_an_unknown_batch_is_a_page_that_says_so(console: Client) -> None:
    response = console.get(f"/batches/{uuid4()}/")
    assert response.status_code == 404
    assert "Not found" in response.content.decode()
