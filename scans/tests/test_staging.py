"""Inserting rows from a temporary table."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from scans import services, staging, storage
from scans.models import Domain
from scans.services import add_staged_domains, known_domains
from scans.staging import Stage
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
COLUMNS = {
    "host": (Domain, "host"),
    "reversed_host": (Domain, "reversed_host"),
    "domain_id": (Domain, "id"),
}


@pytest.fixture
def stage() -> Stage:
    return Stage("stage_of_tests", COLUMNS)


def rows(*hosts: str) -> Iterator[storage.Row]:
    return ((host, host[::-1], pk) for host, pk in zip(hosts, storage.keys(99), strict=False))


def add(stage: Stage, tenant: Tenant, *hosts: str) -> int:
    with transaction.atomic(), stage.filled(rows(*hosts)) as number:
        assert number == len(hosts)
        return add_staged_domains(stage, tenant=tenant, count=number)


@pytest.mark.parametrize("rows_at_once", [1, 2, 100])
def test_missing_domains_are_created_with_the_defaults_of_their_model(
    stage: Stage, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr(staging, "ROWS_AT_ONCE", rows_at_once)
    assert add(stage, default_tenant, "b.example", "c.example") == 2
    assert add(stage, default_tenant, "a.example", "b.example", "d.example") == 2
    domains = Domain.objects.order_by("host")
    assert [domain.host for domain in domains] == [f"{letter}.example" for letter in "abcd"]
    for domain in domains:
        assert (domain.status, domain.emails, domain.tenant) == ("unscanned", [], default_tenant)
    assert domains[0].reversed_host == "elpmaxe.a"


def test_a_stage_begins_empty_also_within_one_transaction(
    stage: Stage, default_tenant: Tenant
) -> None:
    with transaction.atomic():
        assert add(stage, default_tenant, "a.example") == 1
        assert add(stage, default_tenant, "b.example") == 1
        with stage.filled([]) as number, connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {stage.name}")
            assert (number, cursor.fetchone()) == (0, (0,))


def test_the_ids_of_known_domains_are_looked_up(stage: Stage, default_tenant: Tenant) -> None:
    known = Domain.objects.create(tenant=default_tenant, host="b.example")
    stranger = Tenant.objects.create(name="Other")
    Domain.objects.create(tenant=stranger, host="a.example")
    with transaction.atomic(), stage.filled(rows("a.example", "b.example")):
        source, params = known_domains(stage, default_tenant)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT host, known_id FROM {source} ORDER BY host", params)
            ids = {host: pk and str(pk).replace("-", "") for host, pk in cursor.fetchall()}
    assert ids == {"a.example": None, "b.example": known.pk.hex}


def test_values_that_copy_would_take_for_separators_are_stored_unchanged(stage: Stage) -> None:
    row = ("a\tb\\n", "\n", storage.keys(1)[0])
    with transaction.atomic(), stage.filled([row]), connection.cursor() as cursor:
        cursor.execute(f"SELECT host, reversed_host FROM {stage.name}")
        assert cursor.fetchall() == [row[:2]]


def test_a_domain_created_by_others_at_the_same_time_keeps_their_id(
    stage: Stage, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look-up does not see a domain that the unique index then rejects."""
    theirs = Domain.objects.create(tenant=default_tenant, host="b.example")

    def blind(stage: Stage, tenant: Tenant) -> tuple[str, list[object]]:
        monkeypatch.undo()
        return f"(SELECT staged.*, NULL AS known_id FROM {stage.name} AS staged) AS staged", []

    monkeypatch.setattr(services, "known_domains", blind)
    assert add(stage, default_tenant, "a.example", "b.example") == 1
    assert Domain.objects.get(host="b.example") == theirs
    assert Domain.objects.count() == 2
