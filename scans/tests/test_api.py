"""Queueing domains for sitemap submission through the API."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches.tests.api_clients import program_of
from scans import api
from scans.models import Domain
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
URL = "/api/v3/domains/sitemaps"


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


def ask(client: Client, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(URL, json.dumps(body, default=str), content_type="application/json")
    return answer.status_code, answer.json()


def make(tenant: Tenant, **states: str) -> dict[str, Domain]:
    return {
        name: Domain.objects.create(
            tenant=tenant, host=f"{name}.example", sitemap_analysis_status=state
        )
        for name, state in states.items()
    }


def queued() -> set[str]:
    rows = Domain.objects.filter(sitemap_analysis_status="queued")
    return set(rows.values_list("host", flat=True))


def test_domains_are_queued_by_name_and_by_id(program: Client, default_tenant: Tenant) -> None:
    rows = make(default_tenant, a="pending", b="failed", c="processing")
    gone = uuid4()
    status, answer = ask(
        program,
        domains=["https://A.example/about", "c.example", "new.example", "not a domain"],
        ids=[rows["b"].pk, gone],
    )
    assert status == 200
    assert (answer["queued"], answer["waiting"]) == (2, 1)
    assert answer["unknown"] == ["new.example", str(gone)]
    assert [(line["line"], line["value"]) for line in answer["invalid"]] == [(4, "not a domain")]
    assert queued() == {"a.example", "b.example"}


def test_lists_longer_than_one_question_are_queued_whole(
    program: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "IDS_PER_QUERY", 2)
    make(default_tenant, **{f"s{n}": "pending" for n in range(5)})
    status, answer = ask(program, domains=[f"s{n}.example" for n in range(6)])
    assert (status, answer["queued"], answer["unknown"]) == (200, 5, ["s5.example"])


def test_no_domain_that_is_known_is_404(program: Client, other_tenant: Tenant) -> None:
    foreign = make(other_tenant, foreign="pending")["foreign"]
    assert ask(program, domains=["foreign.example"])[0] == 404
    assert ask(program, ids=[foreign.pk])[0] == 404
    assert queued() == set()


@pytest.mark.parametrize(
    "body", [{}, {"domains": []}, {"ids": ["seven"]}, {"domains": "a.example"}]
)
def test_input_that_cannot_be_used_is_422(program: Client, body: dict[str, Any]) -> None:
    status, answer = ask(program, **body)
    assert status == 422
    assert answer["errors"][0]["field"].split(".")[0] in ("domains", "ids")


def test_who_may_only_look_is_refused(default_tenant: Tenant) -> None:
    make(default_tenant, a="pending")
    viewer = User.objects.create_user("viewer")
    role = Membership.Role.VIEWER
    Membership.objects.create(user=viewer, tenant=default_tenant, role=role)
    assert ask(program_of(viewer), domains=["a.example"])[0] == 403
    assert queued() == set()


def test_the_ids_of_the_older_system_are_asked_for_only_where_no_row_has_an_id(
    program: Client, default_tenant: Tenant
) -> None:
    known = make(default_tenant, a="pending")["a"]
    with CaptureQueriesContext(connection) as queries:
        ask(program, ids=[known.pk])
    assert not [query for query in queries if "legacyid" in query["sql"]]
