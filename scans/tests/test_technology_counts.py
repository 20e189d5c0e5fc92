"""Counting the domains per technology and tenant."""

import pytest
from django.utils import timezone

from scans.models import Domain, Technology, TechnologyCount
from scans.technology_counts import count_first, count_technologies
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db


def use(tenant: Tenant, host: str, *names: str) -> Domain:
    now = timezone.now()
    domain = Domain.objects.create(tenant=tenant, host=host, last_scanned_at=now)
    for name in names:
        Technology.objects.create(
            tenant=tenant, domain=domain, name=name, category="cms", first_seen=now, last_seen=now
        )
    return domain


def counts(tenant: Tenant) -> dict[str, int]:
    rows = TechnologyCount.objects.filter(tenant=tenant)
    return dict(rows.values_list("name", "domain_count"))


def test_each_tenant_has_counts_of_its_own(default_tenant: Tenant, other_tenant: Tenant) -> None:
    use(default_tenant, "a.example", "WordPress", "nginx")
    use(default_tenant, "b.example", "WordPress")
    use(other_tenant, "c.example", "nginx")
    count_technologies()
    assert counts(default_tenant) == {"WordPress": 2, "nginx": 1}
    assert counts(other_tenant) == {"nginx": 1}


def test_what_is_gone_or_wrong_does_not_count(default_tenant: Tenant) -> None:
    use(default_tenant, "a.example", "WordPress", "nginx", "Plesk")
    count_technologies()
    Technology.objects.filter(name="nginx").update(gone_at=timezone.now())
    Technology.objects.filter(name="Plesk").update(is_wrong=True)
    Domain.objects.update(last_scanned_at=timezone.now())
    count_technologies()
    assert counts(default_tenant) == {"WordPress": 1}


def test_a_tenant_without_a_scan_since_is_not_counted_again(default_tenant: Tenant) -> None:
    use(default_tenant, "a.example", "WordPress")
    assert count_technologies() == "Counted the technologies of 1 tenant."
    assert count_technologies() == "Counted the technologies of 0 tenants."


def test_a_tenant_is_counted_first_only_once(default_tenant: Tenant, other_tenant: Tenant) -> None:
    use(default_tenant, "a.example", "WordPress")
    use(other_tenant, "b.example", "WordPress")
    count_first(default_tenant.pk)
    use(default_tenant, "c.example", "WordPress")
    count_first(default_tenant.pk)
    assert counts(default_tenant) == {"WordPress": 1}
    assert counts(other_tenant) == {}
