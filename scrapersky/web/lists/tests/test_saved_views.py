"""Saved views: their contents, who can open and change them, and a list's default."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conftest import member_of
from scans.models import Domain
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.tenants.preferences import ListSettings, SavedView

pytestmark = pytest.mark.django_db


def save(client: Client, **fields: Any) -> SavedView | None:
    """Save a view of the domains and return it, or None if it is rejected."""
    sent = {"name": "Failed", "query": "status=failed&sort=-host", "columns": "host,language"}
    before = set(SavedView.objects.values_list("pk", flat=True))
    client.post("/views/save/domains/", sent | fields)
    return SavedView.objects.exclude(pk__in=before).first()


def saved(client: Client, **fields: Any) -> SavedView:
    view = save(client, **fields)
    assert view is not None
    return view


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def colleague(default_tenant: Tenant) -> User:
    return member_of(default_tenant, "colleague")


@pytest.fixture
def domains(default_tenant: Tenant) -> None:
    for host, status in (
        ("a.example", "failed"),
        ("b.example", "failed"),
        ("c.example", "scanned"),
    ):
        Domain.objects.create(tenant=default_tenant, host=host, status=status)


def text_of(client: Client, url: str) -> str:
    return client.get(url, follow=True).content.decode()


def test_a_view_opens_with_its_filters_order_and_columns(console: Client, domains: None) -> None:
    view = saved(console)
    response = console.get("/domains/", {"view": str(view.pk)})
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert query == {
        "status": ["failed"],
        "sort": ["-host"],
        "columns": ["host,language"],
        "view": [str(view.pk)],
    }
    page = text_of(console, f"/domains/?view={view.pk}")
    assert page.index("b.example") < page.index("a.example")
    assert "c.example" not in page
    assert "Language</th>" in page
    assert "E-mails</th>" not in page
    assert f'view={view.pk}" aria-current="page"' in page


def test_a_view_of_all_rows_opens_too(console: Client, domains: None) -> None:
    view = saved(console, name="All", query="")
    assert "c.example" in text_of(console, f"/domains/?view={view.pk}")


def test_a_view_has_an_address_of_its_own_and_stands_in_the_navigation(console: Client) -> None:
    view = saved(console)
    assert f'href="/views/{view.pk}/"' in text_of(console, "/")
    response = console.get(f"/views/{view.pk}/")
    assert response.headers["Location"].startswith("/domains/?status=failed")


def test_what_a_list_does_not_know_is_not_saved(console: Client) -> None:
    view = saved(console, query="status=failed&cursor=abc&csrf=1&view=x", columns="host,nonsense")
    assert view.query == "status=failed"
    assert view.columns == ["host"]
    assert save(console, name="Other") is not None
    assert console.post("/views/save/nonsense/", {"name": "x"}).headers["Location"] == "/"


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "Failed", " Failed "])
def test_a_name_that_is_empty_too_long_or_taken_is_refused(console: Client, name: str) -> None:
    saved(console)
    back = "status=failed&sort=-host"
    response = console.post("/views/save/domains/", {"name": name, "back": back}, follow=True)
    assert SavedView.objects.count() == 1
    assert response.redirect_chain[0][0] == f"/domains/?{back}"
    assert "alert-danger" in response.content.decode()


def test_members_of_the_tenant_open_a_shared_view_and_only_its_owner_changes_it(
    console: Client, default_tenant: Tenant, colleague: User, domains: None
) -> None:
    view = saved(console, shared_in=str(default_tenant.pk))
    other = logged_in(colleague)
    assert "b.example" in text_of(other, f"/domains/?view={view.pk}")
    assert "Failed" in text_of(other, "/views/")
    for action in ("update", "delete"):
        assert other.post(f"/views/{view.pk}/{action}/", {"name": "Mine"}).status_code == 404
    console.post(f"/views/{view.pk}/update/", {"name": "Broken", "shared_in": ""})
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.query) == ("Broken", False, "status=failed&sort=-host")
    assert other.get(f"/views/{view.pk}/").status_code == 404
    assert other.get("/domains/", {"view": str(view.pk)}).status_code == 404


def test_nobody_else_sees_a_private_view_and_strangers_see_no_shared_one(
    console: Client, default_tenant: Tenant, colleague: User, stranger: User
) -> None:
    private = saved(console)
    shared = saved(console, name="Shared", shared_in=str(default_tenant.pk))
    for user, views in ((colleague, [private]), (stranger, [private, shared])):
        client = logged_in(user)
        for view in views:
            assert client.get(f"/views/{view.pk}/").status_code == 404
            assert client.get("/domains/", {"view": str(view.pk)}).status_code == 404
            assert client.post(f"/views/{view.pk}/first/").status_code == 404
            assert view.name not in text_of(client, "/views/")


@pytest.mark.parametrize("key", ["nonsense", "b24febba-fb74-412c-9377-aa2b09135269", ""])
def test_a_view_that_does_not_exist_is_not_found(console: Client, key: str) -> None:
    assert console.get("/domains/", {"view": key}).status_code == 404


def test_a_view_of_another_list_is_not_found(console: Client) -> None:
    view = saved(console)
    assert console.get("/contacts/", {"view": str(view.pk)}).status_code == 404


def test_a_list_opens_with_the_view_that_was_set_first_and_all_rows_are_a_click_away(
    console: Client, domains: None
) -> None:
    view = saved(console, first="1")
    assert f"view={view.pk}" in console.get("/domains/").headers["Location"]
    page = text_of(console, "/domains/")
    assert "c.example" not in page
    assert 'href="/domains/?view=none"' in page
    assert "c.example" in text_of(console, "/domains/?view=none")
    console.post(f"/views/{view.pk}/first/", {"off": "1"})
    assert console.get("/domains/").status_code == 200
    console.post(f"/views/{view.pk}/first/")
    assert console.get("/domains/").status_code == 302


def test_a_first_view_that_is_deleted_or_no_longer_shared_opens_nothing(
    console: Client, default_tenant: Tenant, colleague: User, domains: None
) -> None:
    view = saved(console, shared_in=str(default_tenant.pk))
    other = logged_in(colleague)
    other.post(f"/views/{view.pk}/first/")
    assert other.get("/domains/").status_code == 302
    console.post(f"/views/{view.pk}/update/", {"name": view.name})
    assert other.get("/domains/").status_code == 200
    console.post(f"/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()
    assert ListSettings.objects.get(user=colleague).first_view is None


def test_what_was_changed_in_a_view_is_saved_in_it_or_left(console: Client, domains: None) -> None:
    view = saved(console)
    changed = f"/domains/?status=scanned&columns=host&view={view.pk}"
    assert "(changed)" in text_of(console, changed)
    same = f"/domains/?sort=-host&columns=host,language&status=failed&view={view.pk}"
    assert "(changed)" not in text_of(console, same)
    sent = {"name": view.name, "query": "status=scanned", "columns": "host"}
    console.post(f"/views/{view.pk}/update/", sent)
    view.refresh_from_db()
    assert (view.query, view.columns) == ("status=scanned", ["host"])


def test_columns_chosen_in_a_view_show_at_once(console: Client, domains: None) -> None:
    view = saved(console)
    back = f"status=failed&columns=host&view={view.pk}"
    sent = {"column": ["host", "title"], "back": back}
    response = console.post("/columns/domains/", sent)
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert query == {"status": ["failed"], "columns": ["host,title"], "view": [str(view.pk)]}


def test_a_viewer_saves_views_and_columns_but_shares_none(
    default_tenant: Tenant, domains: None
) -> None:
    viewer = member_of(default_tenant, "viewer")
    Membership.objects.filter(user=viewer).update(role=Membership.Role.VIEWER)
    client = logged_in(viewer)
    assert saved(client).owner == viewer
    assert save(client, name="Shared", shared_in=str(default_tenant.pk)) is None
    client.post("/columns/domains/", {"column": ["host", "language"]})
    assert "Language</th>" in text_of(client, "/domains/")


def test_a_view_is_shared_only_in_a_tenant_of_its_owner(
    console: Client, other_tenant: Tenant
) -> None:
    assert save(console, shared_in=str(other_tenant.pk)) is None
    assert save(console, shared_in="nonsense") is None


@pytest.mark.parametrize("url", ["/views/", "/domains/"])
def test_the_list_of_views_reads_a_constant_number_of_queries(console: Client, url: str) -> None:
    console.get(url)
    counts = []
    for number in range(30):
        saved(console, name=f"View {number}")
        if number in (2, 29):
            with CaptureQueriesContext(connection) as queries:
                assert "View 2" in text_of(console, url)
            counts.append(len(queries))
    assert counts[0] == counts[1] < 25
