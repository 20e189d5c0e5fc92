"""Saved lists: names, contents, counts, and deletion of domains and lists."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from batches.services import create_batch
from scans.domain_lists import services
from scans.domain_lists.models import DomainList, ListedDomain
from scans.domain_lists.tests.hosts import hosts_of
from scans.models import Domain
from scans.removal import lock_for_removal, remove_domains
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads(default_tenant: Tenant, user: User) -> DomainList:
    return services.create_list(tenant=default_tenant, created_by=user, name="Leads")


def count_of(row: DomainList) -> int:
    """Return the stored count of a list after checking that it is correct."""
    row.refresh_from_db()
    assert row.domain_count == row.entries.count()
    return row.domain_count


def test_a_list_takes_each_host_once_and_counts_it(leads: DomainList, user: User) -> None:
    assert services.add_hosts(leads, ["b.example", "a.example", "b.example"], user=user) == 2
    assert services.add_hosts(leads, ["a.example", "c.example"], user=user) == 1
    assert count_of(leads) == 3
    assert hosts_of(leads) == ["a.example", "b.example", "c.example"]
    assert set(leads.entries.values_list("created_by", flat=True)) == {user.pk}


def test_a_host_that_is_not_known_becomes_a_domain_without_a_scan(
    leads: DomainList, user: User
) -> None:
    services.add_hosts(leads, ["a.example"], user=user)
    domain = Domain.objects.get()
    assert (domain.host, domain.status, domain.tenant_id) == (
        "a.example",
        Domain.Status.UNSCANNED,
        leads.tenant_id,
    )


def test_a_long_list_is_changed_in_chunks(
    leads: DomainList, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CHUNK", 10)
    hosts = [f"s{number}.example" for number in range(35)]
    assert services.add_hosts(leads, hosts, user=user) == 35
    assert services.remove_hosts(leads, [*hosts[:25], "unknown.example"]) == 25
    assert hosts_of(leads) == sorted(hosts[25:])
    assert count_of(leads) == 10


def test_domains_of_another_tenant_are_neither_added_nor_removed(
    leads: DomainList, user: User, other_tenant: Tenant, stranger: User
) -> None:
    theirs = services.create_list(tenant=other_tenant, created_by=stranger, name="Leads")
    services.add_hosts(theirs, ["a.example"], user=stranger)
    assert services.add_domains(leads, Domain.objects.all(), user=user) == 0
    services.add_hosts(leads, ["a.example"], user=user)
    assert services.remove_hosts(leads, ["a.example"]) == 1
    assert (count_of(theirs), count_of(leads)) == (1, 0)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("  ", "Enter a name for the list."),
        ("x" * 101, "A name has at most 100 characters."),
        ("leads", "A list named “leads” already exists. Choose another name."),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(leads: DomainList, name: str, sentence: str) -> None:
    common: dict[str, Any] = {"tenant": leads.tenant, "created_by": None}
    with pytest.raises(ValidationError) as created:
        services.create_list(name=name, **common)
    other = services.create_list(name="Other", **common)
    with pytest.raises(ValidationError) as renamed:
        services.rename_list(other, name)
    assert created.value.message_dict == renamed.value.message_dict == {"name": [sentence]}


def test_a_list_may_be_renamed_to_another_case_of_its_own_name(leads: DomainList) -> None:
    assert services.rename_list(leads, " LEADS ").name == "LEADS"


def test_a_list_is_looked_up_in_any_case_and_created_once(leads: DomainList) -> None:
    common: dict[str, Any] = {"tenant": leads.tenant, "created_by": None}
    assert services.ensure_list(name="leads", **common) == leads
    created = services.ensure_list(name="Größe", **common)
    assert services.ensure_list(name="GRÖSSE", **common) == created


def test_a_deleted_domain_is_out_of_its_lists(leads: DomainList, user: User) -> None:
    services.add_hosts(leads, ["a.example", "b.example"], user=user)
    ids = lock_for_removal(Domain.objects.filter(host="a.example").values_list("pk", flat=True))
    assert remove_domains(ids) == 1
    assert hosts_of(leads) == ["b.example"]
    assert count_of(leads) == 1


def test_deleting_a_list_keeps_its_domains(leads: DomainList, user: User) -> None:
    services.add_hosts(leads, ["a.example"], user=user)
    services.delete_list(leads)
    assert not DomainList.objects.exists()
    assert not ListedDomain.objects.exists()
    assert Domain.objects.get().host == "a.example"


def test_nothing_is_added_to_a_list_that_was_deleted_meanwhile(
    leads: DomainList, user: User
) -> None:
    stale = DomainList.objects.get(pk=leads.pk)
    services.delete_list(leads)
    with pytest.raises(DomainList.DoesNotExist):
        services.add_hosts(stale, ["a.example"], user=user)


def test_a_scan_finds_listed_domains_and_keeps_them_listed(leads: DomainList, user: User) -> None:
    services.add_hosts(leads, ["a.example"], user=user)
    batch = create_batch(tenant=leads.tenant, created_by=user, domains=hosts_of(leads))
    assert batch.jobs.get().domain == leads.entries.get().domain
