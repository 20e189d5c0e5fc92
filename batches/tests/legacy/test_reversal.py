"""A reversal removes exactly what conversions created."""

from typing import Any

from batches.models import Batch, Job, LegacyId
from batches.tests.legacy.converted import convert, reverse_conversion
from batches.tests.legacy.legacy_database import build
from batches.tests.legacy.legacy_ids import TENANT, uid
from scans.models import Contact, Domain
from scrapersky.tenants.models import Tenant, User


def test_rows_that_this_system_had_are_left_as_they_were(legacy: Any) -> None:
    build(legacy, "before")
    tenant = Tenant.objects.create(pk=TENANT, name="Ours")
    batch = Batch.objects.create(pk=uid("b", 1), tenant=tenant, total=1, name="ours")
    domain = Domain.objects.create(tenant=tenant, host="rich.example.com", title="ours")
    convert()
    assert Tenant.objects.get(pk=TENANT).name == "Ours"
    assert Domain.objects.get(pk=domain.pk).title == "ours"
    loaded = Batch.objects.get(legacy_id=1)
    assert loaded.pk != batch.pk
    assert loaded.jobs.count() == 3
    assert Job.objects.get(legacy_id=602).domain == domain
    assert Contact.objects.filter(domain=domain).exists()
    reverse_conversion()
    assert list(Batch.objects.values_list("pk", "name")) == [(batch.pk, "ours")]
    assert list(Domain.objects.values_list("pk", "title")) == [(domain.pk, "ours")]
    assert not Contact.objects.exists()
    assert Tenant.objects.filter(pk=TENANT, name="Ours").exists()
    assert not LegacyId.objects.exists()


def test_what_is_in_use_by_now_stays_and_is_known_again(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    domain = Domain.objects.get(host="rich.example.com")
    ours = Job.objects.create(tenant=domain.tenant, domain=domain)
    reverse_conversion()
    assert list(Domain.objects.all()) == [domain]
    assert list(Job.objects.all()) == [ours]
    domain.refresh_from_db()
    assert domain.latest_batch is None
    assert LegacyId.objects.get(kind="domain").uuid == domain.pk
    assert Tenant.objects.filter(pk=domain.tenant_id).exists()
    convert()
    assert Job.objects.get(legacy_id=602).domain == domain
    assert Domain.objects.filter(host="rich.example.com").count() == 1


def test_a_contact_that_a_scan_has_seen_since_keeps_its_domain(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    seen = Contact.objects.filter(kind="phone").first()
    assert seen is not None
    Contact.objects.filter(pk=seen.pk).update(method="tel_link")
    reverse_conversion()
    assert list(Contact.objects.all()) == [seen]
    assert list(Domain.objects.all()) == [seen.domain]


def test_users_who_have_become_members_of_a_new_tenant_stay(legacy: Any) -> None:
    build(legacy, "before")
    convert()
    ann = User.objects.get(username="ann@acme.example")
    tenant = Tenant.objects.create(name="Other")
    ann.memberships.create(tenant=tenant)
    reverse_conversion()
    assert list(User.objects.all()) == [ann]
