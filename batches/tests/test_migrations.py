"""Migrations of large tables: what they change, and that rows can be written meanwhile."""

import importlib
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_test_migrations.migrator import Migrator

from batches.models import Job
from batches.models.job import host_key
from scans.models import Domain
from scrapersky.tenants.models import Tenant

BEFORE = ("batches", "0008_rename_chore_to_maintenance_run")
ADDED = ("batches", "0009_dns_error")


def is_validated(name: str) -> bool:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT convalidated FROM pg_constraint WHERE conname = %s", [name])
        (validated,) = cursor.fetchone()
    return bool(validated)


def failed_job(apps: Any, host: str, reason: str) -> Any:
    tenant, _ = apps.get_model("tenants", "Tenant").objects.get_or_create(name="One")
    domain = apps.get_model("scans", "Domain").objects.create(tenant=tenant, host=host)
    return apps.get_model("batches", "Job").objects.create(
        tenant=tenant,
        domain=domain,
        status="failed",
        failure_reason=reason,
        finished_at=domain.created_at,
    )


@pytest.mark.django_db(transaction=True)
def test_dns_error_joins_the_failure_reasons_and_every_row_is_checked(
    migrator: Migrator,
) -> None:
    before = migrator.apply_initial_migration(BEFORE)
    failed_job(before.apps, "a.test", "dns_not_found")
    with pytest.raises(IntegrityError), transaction.atomic():
        failed_job(before.apps, "b.test", "dns_error")

    added = migrator.apply_tested_migration(ADDED)
    assert is_validated("job_failure_reason")
    failed_job(added.apps, "c.test", "dns_error")
    with pytest.raises(IntegrityError), transaction.atomic():
        failed_job(added.apps, "d.test", "nonsense")


HOSTS = {
    "shop.example": "shop.example",
    "www.baker.example": "baker.example",
    "WWW.Bücher.example:8080": "bücher.example",
    "www2.shop.example": "www2.shop.example",
}


@pytest.mark.django_db
def test_jobs_from_before_hosts_were_kept_get_theirs(default_tenant: Tenant) -> None:
    for host in HOSTS:
        domain = Domain.objects.create(tenant=default_tenant, host=host)
        Job.objects.create(tenant=default_tenant, domain=domain)
    now = timezone.now()
    forgotten = Job.objects.create(
        tenant=default_tenant, status="cancelled", finished_at=now, legacy_id=1
    )
    assert set(Job.objects.values_list("host", flat=True)) == {""}
    migration = importlib.import_module("batches.migrations.0013_fill_job_hosts")
    migration.fill(None, connection.schema_editor())
    filled = Job.objects.filter(domain__isnull=False).values_list("domain__host", "host")
    assert dict(filled) == HOSTS == {host: host_key(host) for host in HOSTS}
    forgotten.refresh_from_db()
    assert forgotten.host == ""
