"""Migrations of large tables: what they change, and that rows can be written meanwhile."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django_test_migrations.migrator import Migrator

BEFORE = ("batches", "0008_rename_chore_to_maintenance_run")
ADDED = ("batches", "0009_dns_error")
VALIDATED = ("batches", "0010_validate_dns_error")


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
def test_dns_error_joins_the_failure_reasons_and_existing_rows_are_checked_later(
    migrator: Migrator,
) -> None:
    before = migrator.apply_initial_migration(BEFORE)
    failed_job(before.apps, "a.test", "dns_not_found")
    with pytest.raises(IntegrityError), transaction.atomic():
        failed_job(before.apps, "b.test", "dns_error")

    added = migrator.apply_tested_migration(ADDED)
    assert is_validated("job_failure_reason") is (connection.vendor != "postgresql")
    failed_job(added.apps, "c.test", "dns_error")
    with pytest.raises(IntegrityError), transaction.atomic():
        failed_job(added.apps, "d.test", "nonsense")

    migrator.apply_tested_migration(VALIDATED)
    assert is_validated("job_failure_reason")
