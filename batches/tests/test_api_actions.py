"""Bulk actions and deletion through the API."""

from typing import Any

import pytest
from django.test import Client
from django_q.models import OrmQ
from uuid_utils.compat import uuid7

from batches.models import Batch
from batches.services import create_batch
from batches.tests.outcomes import complete
from scans.bulk import running
from scans.models import Domain
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
URL = "/api/v3/actions"


@pytest.fixture
def domains(default_tenant: Tenant, other_tenant: Tenant) -> list[Domain]:
    """Three domains of the default tenant, and one of another."""
    here = [Domain(tenant=default_tenant, host=f"{name}.example") for name in ("a", "b", "c")]
    there = Domain(tenant=other_tenant, host="d.example")
    return Domain.objects.bulk_create([*here, there])


def post(client: Client, status: int = 200, **body: Any) -> Any:
    response = client.post(URL, {"list": "domains", **body}, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def tagged() -> set[str]:
    return set(Domain.objects.filter(tags__name="vip").values_list("host", flat=True))


def test_rows_are_tagged_by_their_ids_and_no_others(console: Client, domains: list[Domain]) -> None:
    ids = [str(domains[0].pk), str(domains[3].pk), str(uuid7())]
    (action,) = post(console, action="tag", ids=ids, tags=["vip"])["actions"]
    assert (action["status"], action["total"], action["done"]) == ("complete", 1, 1)
    assert action["message"] == "1 domain tagged “vip”."
    assert tagged() == {"a.example"}
    assert console.get(f"{URL}/{action['action_id']}").json() == action
    assert post(console, action="tag", ids=[str(uuid7())], tags=["vip"]) == {"actions": []}


def test_rows_are_named_by_a_filter_and_deleted(console: Client, domains: list[Domain]) -> None:
    (action,) = post(console, action="delete", query="q=a.example")["actions"]
    assert action["result"] == {"domains": 1}
    assert set(Domain.objects.values_list("host", flat=True)) == {
        "b.example",
        "c.example",
        "d.example",
    }


def test_many_rows_are_done_in_the_background_and_can_be_stopped(
    console: Client, domains: list[Domain], monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr(running, "AT_ONCE", 2)
    with django_capture_on_commit_callbacks(execute=True):
        (action,) = post(console, 202, action="curate", query="", curation="maybe")["actions"]
    assert (action["status"], action["total"]) == ("pending", None)
    assert OrmQ.objects.count() == 1
    url = f"{URL}/{action['action_id']}"
    assert console.post(f"{url}/stop").json()["status"] == "cancelled"
    assert console.post(f"{url}/stop").status_code == 409
    assert not Domain.objects.filter(curation="maybe").exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "explode", "query": ""}, "action"),
        ({"list": "batches", "action": "delete", "query": ""}, "action"),
        ({"action": "tag", "query": "", "tags": []}, "tags"),
        ({"action": "curate", "query": "", "curation": "great"}, "curation"),
        ({"action": "delete"}, "ids"),
        ({"action": "delete", "ids": [], "query": ""}, "ids"),
        ({"action": "delete", "query": "colour=red"}, "query"),
        ({"action": "delete", "query": "status=red"}, "query"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)),
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(
    console: Client, domains: list[Domain], body: dict[str, Any], field: str
) -> None:
    assert post(console, 422, **body)["errors"][0]["field"] == field
    assert Domain.objects.count() == 4


def test_a_viewer_is_refused(console: Client, user: User, domains: list[Domain]) -> None:
    Membership.objects.filter(user=user).update(role=Membership.Role.VIEWER)
    post(console, 403, action="delete", query="")
    assert Domain.objects.count() == 4


@pytest.mark.parametrize("results", ["keep", "delete"])
def test_a_batch_is_deleted_with_or_without_its_results(
    console: Client, default_tenant: Tenant, results: str
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    url = f"/api/v3/batches/{batch.pk}?results={results}"
    assert console.delete(url).status_code == 409
    complete(batch.jobs.get())
    answer = console.delete(url)
    assert (answer.status_code, answer.json()["status"]) == (200, "complete")
    assert not Batch.objects.exists()
    assert Domain.objects.exists() == (results == "keep")
