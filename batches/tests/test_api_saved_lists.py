"""Saved lists through the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from scans.domain_lists.models import DomainList
from scans.domain_lists.tests.hosts import hosts_of
from scans.models import Domain
from scrapersky.tenants.models import ApiToken, User

pytestmark = pytest.mark.django_db
Call = Callable[..., Any]


@pytest.fixture
def call(client: Client, user: User) -> Call:
    """Return a function that calls the API with the user's token."""
    return calls_of(client, user)


def calls_of(client: Client, user: User) -> Call:
    _, token = ApiToken.create(user=user, name="test")

    def call(method: str, path: str, body: Any = None) -> Any:
        return getattr(client, method)(
            f"/api/v3/lists{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    return call


def test_a_list_is_created_read_renamed_and_deleted(call: Call) -> None:
    sent = {"name": " Leads ", "domains": ["https://a.example/x", "b.example", "localhost"]}
    response = call("post", "", sent)
    assert response.status_code == 201
    created = response.json()
    assert (created["name"], created["domain_count"], created["added"]) == ("Leads", 2, 2)
    assert created["created_by"] == "member"
    assert [(line["line"], line["value"]) for line in created["invalid"]] == [(3, "localhost")]
    path = f"/{created['list_id']}"
    assert call("patch", path, {"name": "Customers"}).json()["name"] == "Customers"
    assert call("get", path).json()["domain_count"] == 2
    assert [row["name"] for row in call("get", "").json()["items"]] == ["Customers"]
    assert call("delete", path).status_code == 204
    assert call("get", path).status_code == 404
    assert Domain.objects.count() == 2


def test_domains_are_added_replaced_and_removed_with_counts(call: Call) -> None:
    path = f"/{call('post', '', {'name': 'Leads', 'domains': ['a.example']}).json()['list_id']}"
    added = call("post", f"{path}/domains", {"domains": ["a.example", "b.example", "B.example"]})
    assert {name: added.json()[name] for name in ("added", "already_there", "duplicates")} == {
        "added": 1,
        "already_there": 1,
        "duplicates": 1,
    }
    sent = {"domains": ["c.example", "b.example"], "replace": True}
    replaced = call("post", f"{path}/domains", sent).json()
    assert (replaced["added"], replaced["removed"], replaced["domain_count"]) == (1, 1, 2)
    sent = {"domains": ["c.example", "z.example"]}
    removed = call("post", f"{path}/domains/remove", sent).json()
    assert (removed["removed"], removed["domain_count"]) == (1, 1)
    assert hosts_of(DomainList.objects.get()) == ["b.example"]


def test_a_list_is_not_emptied_by_domains_that_cannot_be_read(call: Call) -> None:
    path = f"/{call('post', '', {'name': 'Leads', 'domains': ['a.example']}).json()['list_id']}"
    response = call("post", f"{path}/domains", {"domains": ["localhost"], "replace": True})
    assert response.status_code == 422
    assert response.json()["detail"] == "None of these domains can be scanned."
    assert hosts_of(DomainList.objects.get()) == ["a.example"]


def test_a_name_that_is_taken_or_empty_is_refused(call: Call) -> None:
    call("post", "", {"name": "Leads"})
    for name, sentence in (
        ("leads", "A list named “leads” already exists."),
        (" ", "Enter"),
    ):
        response = call("post", "", {"name": name, "domains": ["a.example"]})
        assert response.status_code == 422
        assert sentence in response.json()["detail"]
    assert DomainList.objects.get().domain_count == 0


def test_a_list_of_another_tenant_does_not_exist(
    call: Call, client: Client, stranger: User
) -> None:
    created = call("post", "", {"name": "Leads", "domains": ["a.example"]}).json()
    theirs, path = calls_of(client, stranger), f"/{created['list_id']}"
    assert theirs("get", "").json()["items"] == []
    assert theirs("get", path).status_code == 404
    assert theirs("post", f"{path}/domains", {"domains": ["b.example"]}).status_code == 404
    assert theirs("delete", path).status_code == 404
    assert DomainList.objects.get().domain_count == 1
