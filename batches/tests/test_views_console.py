"""The first page, the login, and the pages of errors."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.views.defaults import server_error

from batches.services import create_batch, initiate_scan
from batches.tests.outcomes import complete, fail
from batches.tests.running import running_batch, scan_now
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


def home(client: Client) -> str:
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def queries(client: Client) -> int:
    client.get("/")
    with CaptureQueriesContext(connection) as captured:
        home(client)
    return len(captured)


def test_a_console_with_nothing_in_it_says_how_to_begin(console: Client) -> None:
    body = home(console)
    assert "Nothing has been scanned yet" in body
    assert "/batches/new/" in body


def test_the_first_page_shows_what_runs_what_ended_and_why_sites_failed(
    console: Client, default_tenant: Tenant
) -> None:
    running_batch(default_tenant)
    ended = create_batch(
        tenant=default_tenant, created_by=None, domains=["z.example"], name="Autumn list"
    )
    fail(ended.jobs.get(), "tls_error", "")
    scan_now(initiate_scan("single.example", tenant=default_tenant))
    initiate_scan("waiting.example", tenant=default_tenant)
    body = home(console)
    assert "Spring list" in body
    assert "Autumn list" in body
    assert "The only site failed" in body
    assert "single.example" in body
    assert "Reading sitemaps" in body
    assert "waiting.example" in body


def test_problems_of_the_worker_are_shown(
    console: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.views.console.problems", lambda: ["No worker is alive."])
    assert "No worker is alive." in home(console)


def test_the_moving_part_is_a_part_of_the_page(console: Client) -> None:
    response = console.get("/live/", headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<div id="live-overview"')
    assert console.get("/live/").headers["Location"] == "/"


def test_the_queries_of_the_first_page_do_not_grow_with_the_rows(
    console: Client, default_tenant: Tenant
) -> None:
    def fill(number: int) -> None:
        running_batch(default_tenant)
        hosts = [f"{number}.example"]
        ended = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
        fail(ended.jobs.get(), "tls_error", "")
        complete(initiate_scan(f"single{number}.example", tenant=default_tenant))

    fill(0)
    few = queries(console)
    for number in range(1, 4):
        fill(number)
    assert queries(console) == few


# Logging in and out


def test_every_page_asks_for_a_login_and_returns_to_where_one_was(
    client: Client, user: User
) -> None:
    response = client.get("/batches/")
    assert response.headers["Location"] == "/login/?next=/batches/"
    sent = {"username": "member", "password": "secret", "next": "/batches/"}
    assert client.post("/login/", sent).headers["Location"] == "/batches/"


def test_a_wrong_password_is_answered_in_a_sentence(client: Client, user: User) -> None:
    body = client.post("/login/", {"username": "member", "password": "wrong"}).content.decode()
    assert "Wrong user name or password" in body
    assert 'value="member"' in body


def test_ten_wrong_passwords_delay_the_next_attempt(client: Client, user: User) -> None:
    sent = {"username": "member", "password": "wrong"}
    answers = [client.post("/login/", sent) for _ in range(10)]
    assert answers[-1].status_code == 429
    assert "Too many failed attempts" in answers[-1].content.decode()


def test_a_fragment_asked_for_after_the_session_ended_reloads_its_page(client: Client) -> None:
    response = client.get("/live/", headers={"HX-Request": "true"}, follow=True)
    assert response.headers["HX-Refresh"] == "true"


def test_logging_out_takes_a_post(console: Client) -> None:
    assert console.get("/logout/").status_code == 405
    assert console.post("/logout/").headers["Location"] == "/login/"
    assert console.get("/").status_code == 302


# Errors


def test_an_unknown_address_is_a_page_for_people(console: Client) -> None:
    response = console.get("/no-such-page/")
    assert response.status_code == 404
    assert "Not found" in response.content.decode()


def test_a_form_without_its_token_is_a_page_for_people(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    response = client.post("/batches/new/", {"domains": "a.com"})
    assert response.status_code == 403
    assert "The form has expired" in response.content.decode()


def test_the_page_of_a_fault_needs_neither_user_nor_database(
    django_assert_num_queries: Any, rf: RequestFactory
) -> None:
    with django_assert_num_queries(0):
        response = server_error(rf.get("/"))
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()


def test_the_policy_of_scripts_and_styles_is_strict_and_kept(
    console: Client, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    for url in ("/", "/batches/", "/batches/new/", f"/batches/{batch.pk}/", "/domains/"):
        response = console.get(url)
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        body = response.content.decode()
        assert "style=" not in body
        assert "hx-on" not in body
        assert "<script>" not in body
