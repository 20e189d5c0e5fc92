"""Domains in saved lists: filters, the page of a domain, bulk actions, the API."""

from typing import Any

import pytest
from django.test import Client

from scans.bulk import running
from scans.bulk.models import BulkAction
from scans.domain_lists import services
from scans.domain_lists.models import DomainList
from scans.domain_lists.tests.hosts import hosts_of
from scans.models import Domain
from scans.services import ensure_domains
from scrapersky.tenants.models import ApiToken, Membership, Tenant, User
from scrapersky.web import slices

pytestmark = pytest.mark.django_db
ROWS = "/domains/?columns=host,lists"


@pytest.fixture
def leads(default_tenant: Tenant, user: User) -> DomainList:
    """A list of two of the tenant's three domains."""
    row = services.create_list(tenant=default_tenant, created_by=user, name="Leads & more")
    services.add_hosts(row, ["a.example", "b.example"], user=user)
    ensure_domains(tenant=default_tenant, hosts=["c.example"])
    return row


def post(client: Client, url: str, **sent: Any) -> str:
    return client.post(url, sent, follow=True).content.decode()


def hosts_shown(console: Client, **params: str) -> list[str]:
    body = console.get("/domains/", {"columns": "host", **params}).content.decode()
    return [f"{name}.example" for name in "abc" if f">{name}.example<" in body]


def pk_of(host: str) -> str:
    return str(Domain.objects.get(host=host).pk)


def test_domains_are_filtered_by_the_lists_they_are_in(console: Client, leads: DomainList) -> None:
    for value in (leads.name, str(leads.pk)):
        assert hosts_shown(console, list=value) == ["a.example", "b.example"]
        assert hosts_shown(console, no_list=value) == ["c.example"]
    assert hosts_shown(console, list="Unknown") == []


def test_a_filter_by_a_list_shows_nothing_of_another_tenant(
    console: Client, leads: DomainList, stranger: User, other_tenant: Tenant
) -> None:
    theirs = services.create_list(tenant=other_tenant, created_by=stranger, name="Theirs")
    services.add_hosts(theirs, ["a.example"], user=stranger)
    for value in (theirs.name, str(theirs.pk)):
        assert hosts_shown(console, list=value) == []
    assert "Theirs" not in console.get(ROWS).content.decode()


def test_a_column_names_the_lists_of_each_domain(
    console: Client, leads: DomainList, user: User
) -> None:
    other = services.create_list(tenant=leads.tenant, created_by=user, name="Archive")
    services.add_hosts(other, ["a.example"], user=user)
    response = console.get("/api/v3/domains", {"fields": "host,lists"})
    assert response.json()["items"] == [
        {"host": "a.example", "lists": ["Archive", "Leads & more"]},
        {"host": "b.example", "lists": ["Leads & more"]},
        {"host": "c.example", "lists": []},
    ]


def test_the_page_of_a_domain_shows_its_lists_and_changes_them(
    console: Client, leads: DomainList
) -> None:
    url = f"/domains/{pk_of('a.example')}/"
    assert "/domains/?list=Leads%20%26%20more" in console.get(url).content.decode()
    post(console, f"{url}lists/", remove=leads.name)
    assert hosts_of(leads) == ["b.example"]
    page = post(console, f"{url}lists/", saved_list="leads & MORE")
    assert hosts_of(leads) == ["a.example", "b.example"]
    assert "Remove from the list Leads &amp; more" in page
    assert "Enter a name for the list." in post(console, f"{url}lists/", saved_list=" ")


def test_a_viewer_sees_the_lists_of_a_domain_and_changes_none(
    leads: DomainList, user: User, client: Client
) -> None:
    Membership.objects.filter(user=user).update(role=Membership.Role.VIEWER)
    client.force_login(user)
    url = f"/domains/{pk_of('a.example')}/"
    body = client.get(url).content.decode()
    assert "Leads &amp; more" in body
    assert "Add to list" not in body
    assert client.post(f"{url}lists/", {"saved_list": "Other"}).status_code == 403
    assert DomainList.objects.get() == leads


def test_selected_domains_are_added_to_a_list_and_removed(
    console: Client, leads: DomainList
) -> None:
    pick = [pk_of("b.example"), pk_of("c.example")]
    page = post(console, "/domains/lists/add/", pick=pick, saved_list="Leads & more")
    assert "1 domain added to the list “Leads &amp; more”. 1 was in it already." in page
    page = post(console, "/domains/lists/remove/", pick=[pk_of("a.example")], saved_list=leads.name)
    assert "1 domain removed from the list" in page
    assert hosts_of(leads) == ["b.example", "c.example"]


def test_a_list_is_created_of_all_domains_that_match_a_filter(
    console: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 3)
    monkeypatch.setattr("scans.bulk.operations.CHUNK", 4)
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)
    hosts = [f"d{number:02}.example" for number in range(30)]
    ensure_domains(tenant=default_tenant, hosts=[*hosts, "other.example"])
    sent = {"all": "1", "query": "q=d", "saved_list": "Those"}
    console.post("/domains/lists/add/", sent)
    action = BulkAction.objects.get()
    while not running.WORK.run(action.pk, until=0):
        pass
    row = DomainList.objects.get(name="Those")
    assert hosts_of(row) == hosts
    assert row.domain_count == 30


def test_removing_from_a_list_that_is_not_there_says_so(console: Client, leads: DomainList) -> None:
    sent = {"pick": [pk_of("a.example")], "saved_list": "Nobody's"}
    page = post(console, "/domains/lists/remove/", **sent)
    assert "There is no list named “Nobody&#x27;s”." in page
    assert "Enter a name for the list." in post(console, "/domains/lists/add/", all="1")


def test_the_api_adds_rows_to_a_list_and_removes_them(
    client: Client, leads: DomainList, user: User
) -> None:
    _, token = ApiToken.create(user=user, name="test")
    headers = {"Authorization": f"Bearer {token}"}

    def act(**sent: Any) -> Any:
        body = {"list": "domains", **sent}
        return client.post(
            "/api/v3/actions", body, content_type="application/json", headers=headers
        )

    added = act(action="add_to_list", saved_list="Fresh", query="no_list=Leads+%26+more").json()
    assert added["actions"][0]["message"] == "1 domain added to the list “Fresh”."
    act(action="remove_from_list", saved_list="Fresh", query="")
    assert hosts_of(DomainList.objects.get(name="Fresh")) == []
    refused = act(action="add_to_list", query="")
    assert refused.status_code == 422
    assert "Enter a name for the list." in refused.content.decode()
