"""Saved lists changed by concurrent requests: the count stays correct."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from scans.domain_lists import services
from scans.domain_lists.models import DomainList, ListedDomain
from scans.models import Domain
from scans.removal import lock_for_removal, remove_domains
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db(transaction=True)
HOSTS = [f"d{number:03}.example" for number in range(200)]


def run_together(*tasks: Callable[[], object]) -> list[BaseException]:
    """Run tasks in separate threads; return the exceptions raised."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> None:
        try:
            start.wait()
            task()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.fixture
def leads(default_tenant: Tenant, user: User, monkeypatch: pytest.MonkeyPatch) -> DomainList:
    monkeypatch.setattr(services, "CHUNK", 20)
    row = services.create_list(tenant=default_tenant, created_by=user, name="Leads")
    services.add_hosts(row, HOSTS[:100], user=user)
    return row


def delete_domains(hosts: list[str]) -> None:
    with transaction.atomic():
        rows = Domain.objects.filter(host__in=hosts).values_list("pk", flat=True)
        remove_domains(lock_for_removal(rows))


def test_adding_removing_and_deleting_at_once_keeps_the_count_true(
    leads: DomainList, user: User
) -> None:
    errors = run_together(
        lambda: services.add_hosts(leads, HOSTS[50:], user=user),
        lambda: services.add_hosts(leads, HOSTS[::-1], user=user),
        lambda: services.remove_hosts(leads, HOSTS[:80]),
        lambda: delete_domains(HOSTS[90:110]),
    )
    assert errors == []
    leads.refresh_from_db()
    assert leads.domain_count == leads.entries.count()


def test_a_list_that_is_deleted_while_it_grows_leaves_nothing_behind(
    leads: DomainList, user: User
) -> None:
    errors = run_together(
        lambda: services.add_hosts(leads, HOSTS, user=user),
        lambda: services.delete_list(leads),
    )
    assert all(isinstance(error, DomainList.DoesNotExist) for error in errors)
    assert not DomainList.objects.exists()
    assert not ListedDomain.objects.exists()
