"""Domains of large batches on PostgreSQL: inserted by another connection, ahead of their jobs."""

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from threading import current_thread, main_thread

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from batches import building, large_lists
from batches.building import Chunk
from batches.large_lists import LargeList
from batches.models import Batch
from scans.models import Domain
from scrapersky.tenants.models import Tenant

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
    monkeypatch.setattr(building, "CHUNK", 10)
    lines = [f"{host}\n".encode() for host in [*HOSTS, HOSTS[0]]]
    with large_lists.saved_list(LargeList(lines)) as saved:
        return large_lists.create_large_batch(
            saved, tenant=default_tenant, created_by=None, in_background=False
        )


def hosts_of(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("domain__host", flat=True))


def test_a_thread_inserts_the_domains_and_closes_its_connection(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, is_open = set(), []
    with_domains = building._with_domains

    def watch(chunks: Iterable[Chunk], tenant: Tenant) -> Generator[Chunk, None, None]:
        inserting = with_domains(chunks, tenant)
        try:
            for chunk in inserting:
                threads.add(current_thread())
                is_open.append(connection.connection is not None)
                yield chunk
        finally:
            inserting.close()
            is_open.append(connection.connection is not None)

    monkeypatch.setattr(building, "_with_domains", watch)
    while not building.build(batch.pk, until=0):
        assert is_open.pop() is False
        assert all(is_open)
    assert is_open.pop() is False
    assert main_thread() not in threads
    assert hosts_of(batch) == HOSTS
    batch.refresh_from_db()
    assert (batch.total, batch.metadata["duplicates"]) == (25, 1)


@pytest.mark.parametrize("keys_are_checked_from", [1, 1_000])
def test_a_domain_deleted_before_its_job_is_inserted_again(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, keys_are_checked_from: int
) -> None:
    with_domains = building._with_domains

    def delete_one_of_each(chunks: Iterable[Chunk], tenant: Tenant) -> Iterator[Chunk]:
        for chunk in with_domains(chunks, tenant):
            Domain.objects.filter(host=chunk.hosts[3]).delete()
            yield chunk

    monkeypatch.setattr("scans.key_checks.WORTHWHILE", keys_are_checked_from)
    monkeypatch.setattr(building, "_with_domains", delete_one_of_each)
    assert building.build(batch.pk)
    assert hosts_of(batch) == HOSTS


def test_a_surrounding_transaction_is_the_only_writer(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(building, "_with_domains")
    with transaction.atomic():
        assert building.build(batch.pk)
        transaction.set_rollback(True)
    assert not Domain.objects.exists()
