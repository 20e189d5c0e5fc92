"""Corrections through the API."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from batches.tests.api_clients import program_of
from scans.corrections.services import mark_wrong
from scans.corrections.tests.scans import ABOUT, WRONG, scan
from scans.models import Correction, Domain
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
URL = "/api/v3/corrections"


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    return scan(default_tenant)


def correct(client: Client, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(URL, json.dumps(body, default=str), content_type="application/json")
    return answer.status_code, answer.json()


def test_a_contact_is_marked_and_restored(program: Client, domain: Domain, user: User) -> None:
    row = domain.contacts.get(value=WRONG)
    status, answer = correct(program, kind="contact", id=row.pk)
    assert status == 201
    expected = {"kind": "contact", "contact_kind": "email", "value": WRONG, "right_value": ""}
    assert answer.items() >= (expected | {"domain_id": str(domain.pk)}).items()
    assert not domain.contacts.visible().filter(value=WRONG).exists()
    assert Correction.objects.get().created_by == user
    assert program.delete(f"{URL}/{answer['id']}").status_code == 204
    assert domain.contacts.visible().filter(value=WRONG).exists()
    assert program.delete(f"{URL}/{answer['id']}").status_code == 404


def test_a_technology_is_marked_in_the_whole_tenant(
    program: Client, domain: Domain, default_tenant: Tenant
) -> None:
    other = scan(default_tenant, "b.example")
    row = domain.technology_rows.get(name="Shopify")
    status, answer = correct(program, kind="technology", id=row.pk, in_tenant=True)
    assert (status, answer["domain_id"]) == (201, None)
    assert not other.technology_rows.visible().filter(name="Shopify").exists()


def test_a_page_type_and_a_verdict_are_chosen(program: Client, domain: Domain) -> None:
    row = domain.pages.get(url=ABOUT)
    status, answer = correct(program, kind="page_type", id=row.pk, right_value="team")
    assert (status, answer["value"], answer["right_value"]) == (201, "about", "team")
    status, answer = correct(program, kind="verdict", id=domain.pk, right_value="parked")
    assert (status, answer["value"], answer["right_value"]) == (201, "ok", "parked")
    domain.refresh_from_db()
    row.refresh_from_db()
    assert (domain.verdict, row.page_type) == ("parked", "team")


def test_choosing_what_the_scan_says_corrects_nothing(program: Client, domain: Domain) -> None:
    answer = correct(program, kind="verdict", id=domain.pk, right_value="ok")
    assert answer == (200, {"id": None})


def test_corrections_are_listed_newest_first_a_page_at_a_time(
    program: Client, domain: Domain, user: User, other_tenant: Tenant, stranger: User
) -> None:
    rows: list[Any] = [*domain.contacts.order_by("value"), *domain.technology_rows.order_by("name")]
    ids = [str(mark_wrong(row, user=user).pk) for row in rows]
    mark_wrong(scan(other_tenant).contacts.get(value=WRONG), user=stranger)
    listed: list[str] = []
    params: dict[str, Any] = {"limit": 4}
    while True:
        answer = program.get(URL, params).json()
        listed += [row["id"] for row in answer["corrections"]]
        if not answer["next"]:
            break
        params["before"] = answer["next"]
    assert listed == ids[::-1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": "colour"}, "kind"),
        ({"kind": "contact", "id": "seven"}, "id"),
        ({"kind": "contact", "right_value": "ok"}, "right_value"),
        ({"kind": "verdict", "right_value": "fine"}, "right_value"),
        ({"kind": "verdict"}, "right_value"),
        ({"kind": "page_type", "right_value": "ok"}, "right_value"),
        ({"kind": "verdict", "right_value": "ok", "in_tenant": True}, "in_tenant"),
    ],
    ids=str,
)
def test_input_that_cannot_be_used_is_422(
    program: Client, domain: Domain, body: dict[str, Any], field: str
) -> None:
    status, answer = correct(program, **{"id": domain.pk} | body)
    assert status == 422
    assert field in [error["field"].split(".")[-1] for error in answer["errors"]]
    assert not Correction.objects.exists()


@pytest.mark.parametrize("limit", [0, 1_001])
def test_too_many_corrections_at_once_are_422(program: Client, limit: int) -> None:
    assert program.get(URL, {"limit": limit}).status_code == 422


def test_rows_of_another_tenant_do_not_exist(
    program: Client, other_tenant: Tenant, stranger: User
) -> None:
    foreign = scan(other_tenant)
    row = foreign.contacts.get(value=WRONG)
    mark = mark_wrong(foreign.technology_rows.get(name="Shopify"), user=stranger)
    assert correct(program, kind="contact", id=row.pk)[0] == 404
    assert correct(program, kind="verdict", id=foreign.pk, right_value="parked")[0] == 404
    assert correct(program, kind="contact", id=uuid4())[0] == 404
    assert program.delete(f"{URL}/{mark.pk}").status_code == 404
    assert program.get(URL).json() == {"corrections": [], "next": None}
    assert Correction.objects.get() == mark


def test_who_may_only_look_is_refused(domain: Domain, default_tenant: Tenant, user: User) -> None:
    mark = mark_wrong(domain.technology_rows.get(name="Shopify"), user=user)
    viewer = User.objects.create_user("viewer")
    role = Membership.Role.VIEWER
    Membership.objects.create(user=viewer, tenant=default_tenant, role=role)
    looking = program_of(viewer)
    row = domain.contacts.get(value=WRONG)
    assert correct(looking, kind="contact", id=row.pk)[0] == 403
    assert looking.delete(f"{URL}/{mark.pk}").status_code == 403
    assert [row["id"] for row in looking.get(URL).json()["corrections"]] == [str(mark.pk)]


def test_nobody_without_an_account_corrects_anything(client: Client, domain: Domain) -> None:
    assert correct(client, kind="verdict", id=domain.pk, right_value="parked")[0] == 401
    assert client.get(URL).status_code == 401
    assert client.delete(f"{URL}/{uuid4()}").status_code == 401
