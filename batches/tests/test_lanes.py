"""The two lanes of a large batch on PostgreSQL: a thread adds the second half."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import current_thread, main_thread

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from batches import building, lanes, large_lists, list_chunks
from batches.large_lists import LargeList
from batches.models import Batch, BatchList
from batches.models.batch_list import Lane
from scans import services
from scans.models import Domain
from scans.staging import Stage
from scrapersky.tenants.models import Tenant
from tests.processes import eventually

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]
HOSTS = [f"s{number}.example" for number in range(25)]


@pytest.fixture
def batch(
    default_tenant: Tenant, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Batch:
    """A batch whose list repeats a host of its first chunk in its last one."""
    settings.LIST_DIR = str(tmp_path / "lists")
    for module in (list_chunks, lanes):
        monkeypatch.setattr(module, "CHUNK", 10)
    lines = [f"{host}\n".encode() for host in [*HOSTS, HOSTS[0]]]
    with large_lists.saved_list(LargeList(lines)) as saved:
        return large_lists.create_large_batch(
            saved, tenant=default_tenant, created_by=None, in_background=False
        )


def hosts_of(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("domain__host", flat=True))


def sessions() -> int:
    """Return the number of connections to this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def test_a_thread_adds_the_second_half_and_closes_its_connection(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, set[bool]] = {}
    add = lanes._add

    def watch(waiting: BatchList, lane: Lane) -> int:
        threads.setdefault(lane.column, set()).add(current_thread() is main_thread())
        return add(waiting, lane)

    monkeypatch.setattr(lanes, "_add", watch)
    before = sessions()
    while not building.build(batch.pk, until=0):
        eventually(lambda: sessions() == before)
    assert threads == {"first_half_end": {True}, "second_half_end": {False}}
    assert hosts_of(batch) == HOSTS
    batch.refresh_from_db()
    assert (batch.total, batch.metadata["duplicates"]) == (25, 1)


def test_a_failure_in_the_thread_ends_the_batch(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = lanes._add

    def fail(waiting: BatchList, lane: Lane) -> int:
        if lane.column == "second_half_end":
            raise OSError(28, "No space left on device")
        return add(waiting, lane)

    monkeypatch.setattr(lanes, "_add", fail)
    assert building.build(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.is_building) == (Batch.Status.FAILED, False)
    assert "No space left on device" in batch.error
    assert batch.total == batch.cancelled <= 13


@pytest.mark.parametrize("keys_are_checked_from", [1, 1_000])
def test_a_known_domain_deleted_before_its_job_is_inserted_again(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, keys_are_checked_from: int
) -> None:
    services.ensure_domains(tenant=batch.tenant, hosts=HOSTS[:5])
    hold = services._hold_known
    victims = iter(HOSTS[:2])

    def be_overtaken(stage: Stage, tenant: Tenant) -> int:
        if current_thread() is main_thread():
            for host in victims:
                _delete_elsewhere(host)
        return hold(stage, tenant)

    monkeypatch.setattr("scans.key_checks.WORTHWHILE", keys_are_checked_from)
    monkeypatch.setattr(services, "_hold_known", be_overtaken)
    assert building.build(batch.pk)
    assert next(victims, None) is None
    assert hosts_of(batch) == HOSTS


def test_a_surrounding_transaction_is_the_only_writer(batch: Batch) -> None:
    with transaction.atomic():
        assert building.build(batch.pk)
        transaction.set_rollback(True)
    assert not Domain.objects.exists()


def _delete_elsewhere(host: str) -> None:
    """Delete a domain in another connection."""

    def delete() -> None:
        try:
            Domain.objects.filter(host=host).delete()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(delete).result()
