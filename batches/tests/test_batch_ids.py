"""Batch ids given by clients: independent of the ids in other tenants."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches.models import Batch, Job
from batches.services import BatchExistsError, create_batch
from batches.tests.api_clients import ROOT, program_of
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


@pytest.fixture
def taken(other_tenant: Tenant) -> UUID:
    """Return the id of a batch of another tenant."""
    return create_batch(tenant=other_tenant, created_by=None, domains=["x.example"]).pk


def post(program: Client, wanted: UUID) -> Any:
    body = json.dumps({"domains": ["a.example"], "batch_id": str(wanted)})
    return program.post(f"{ROOT}/batch", body, content_type="application/json")


def test_an_id_that_another_tenant_has_is_given_all_the_same(
    program: Client, taken: UUID, default_tenant: Tenant
) -> None:
    answer = post(program, taken)
    assert answer.status_code == 201
    assert answer.json()["batch_id"] == str(taken)
    batch = Batch.objects.get(tenant=default_tenant)
    assert batch.pk != taken
    assert (batch.legacy_batch_id, batch.public_id) == (str(taken), taken)
    assert batch.is_converted is False


def test_a_taken_id_answers_like_a_free_one(program: Client, taken: UUID) -> None:
    post(program, uuid4())  # notes that the token was used
    free = uuid4()
    with CaptureQueriesContext(connection) as for_free:
        first = post(program, free)
    with CaptureQueriesContext(connection) as for_taken:
        second = post(program, taken)
    assert len(for_free) == len(for_taken)
    expected = first.content.decode().replace(str(free), str(taken))
    assert json.loads(expected) | {"created_at": ""} == second.json() | {"created_at": ""}


def test_the_id_leads_to_the_callers_own_batch_everywhere(
    program: Client, console: Client, stranger: User, taken: UUID, default_tenant: Tenant
) -> None:
    status_url = post(program, taken).json()["status_url"]
    mine = Batch.objects.get(tenant=default_tenant)
    assert str(taken) in status_url
    for key in (taken, taken.hex, str(taken).upper(), mine.pk):
        status = program.get(f"{ROOT}/batch/{key}/status").json()
        assert status["batch_id"] == str(taken)
        assert list(status["domain_statuses"]) == ["a.example"]
    job = Job.objects.get(batch=mine)
    assert program.get(f"{ROOT}/status/{job.pk}").json()["batch_id"] == str(taken)
    assert console.get(f"/batches/{taken}/").context["batch"] == mine
    assert [row.pk for row in Batch.objects.filter(tenant=default_tenant).named(str(taken))] == [
        mine.pk
    ]
    theirs = program_of(stranger).get(f"{ROOT}/batch/{taken}/status").json()
    assert list(theirs["domain_statuses"]) == ["x.example"]
    assert program_of(stranger).get(f"{ROOT}/batch/{mine.pk}/status").status_code == 404


def test_controls_reach_the_callers_own_batch(program: Client, taken: UUID) -> None:
    post(program, taken)
    answer = program.post(f"/api/v3/batches/{taken}/cancel")
    assert (answer.status_code, answer.json()["batch_id"]) == (200, str(taken))
    assert Batch.objects.get(pk=taken).status == "pending"


def test_the_callers_own_id_is_a_conflict_also_where_it_is_not_the_primary_key(
    program: Client, taken: UUID
) -> None:
    assert post(program, taken).status_code == 201
    assert post(program, taken).status_code == 409
    assert Batch.objects.count() == 2


def test_an_id_in_another_tenant_of_the_caller_is_a_conflict(
    program: Client, user: User, other_tenant: Tenant, taken: UUID
) -> None:
    Membership.objects.create(user=user, tenant=other_tenant, role=Membership.Role.VIEWER)
    assert post(program, taken).status_code == 409


def test_a_superuser_meets_every_id(taken: UUID, default_tenant: Tenant) -> None:
    boss = User.objects.create_superuser("boss", "boss@example.com", "secret")
    with pytest.raises(BatchExistsError):
        create_batch(tenant=default_tenant, created_by=boss, domains=["a.example"], batch_id=taken)


def test_an_id_of_the_older_system_is_a_conflict_for_its_tenant_alone(
    program: Client, default_tenant: Tenant, other_tenant: Tenant
) -> None:
    from batches.models import LegacyId

    for tenant, status in ((default_tenant, 409), (other_tenant, 201)):
        batch = create_batch(tenant=tenant, created_by=None, domains=["b.example"])
        alias = uuid4()
        LegacyId.objects.create(
            kind="batch", original=str(alias), uuid=batch.pk, how="alias", made=True
        )
        assert post(program, alias).status_code == status
