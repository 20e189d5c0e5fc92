"""Migrations that fill columns of rows that are already there."""

from typing import Any

import pytest
from django.utils import timezone
from django_test_migrations.migrator import Migrator

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE: list[tuple[str, str | None]] = [("scans", "0005_pages_gone"), ("tenants", "0001_initial")]


def test_pages_get_their_domains_tenant_and_hosts_are_reversed(migrator: Migrator) -> None:
    old: Any = migrator.apply_initial_migration(BEFORE).apps
    tenant = old.get_model("tenants", "Tenant").objects.create(name="Ours")
    domain = old.get_model("scans", "Domain").objects.create(tenant=tenant, host="a.example")
    now = timezone.now()
    old.get_model("scans", "Page").objects.create(
        domain=domain, url="http://a.example/", url_hash=b"x" * 16, first_seen=now, last_seen=now
    )
    new: Any = migrator.apply_tested_migration(("scans", "0006_curation_and_list_columns")).apps
    page = new.get_model("scans", "Page").objects.get()
    assert (page.tenant_id, page.in_sitemap, page.curation) == (tenant.pk, False, "new")
    assert new.get_model("scans", "Domain").objects.get().reversed_host == "elpmaxe.a"
