"""Lists of jobs and batches use the indexes that were made for them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from batches.lists import BATCHES, JOBS
from batches.models import Batch, Job
from scans import storage
from scans.services import ensure_domains
from scans.tests.test_list_plans import on_postgresql, plans
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@on_postgresql
def test_jobs_of_a_rare_label_are_looked_up_by_their_domains(
    default_tenant: Tenant, user: User
) -> None:
    batch = Batch.objects.create(tenant=default_tenant, total=3_000)
    hosts = [f"shop-{number}.example.de" for number in range(3_000)]
    domains = ensure_domains(tenant=default_tenant, hosts=hosts).values()
    storage.upsert(
        Job,
        ("domain_id", "position"),
        [(pk, position) for position, pk in enumerate(domains)],
        key=["domain_id", "batch_id"],
        constants={"tenant_id": default_tenant.pk, "batch_id": batch.pk},
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scans_domain, batches_job")
    (plan,) = plans(JOBS, user, f"batch={batch.pk}&domain=zebra")
    assert "domain_labels" in plan


@pytest.fixture
def many_batches(default_tenant: Tenant, other_tenant: Tenant) -> None:
    """Create thousands of ended batches in two tenants, of which every hundredth failed."""
    for tenant in (default_tenant, other_tenant):
        Batch.objects.bulk_create(
            Batch(
                tenant=tenant,
                status="complete" if number % 100 else "failed",
                total=1,
                completed=int(number % 100 > 0),
                failed=int(number % 100 == 0),
                started_at=NOW,
                finished_at=NOW + timedelta(seconds=number),
            )
            for number in range(3_000)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.parametrize(
    ("params", "index"), [("", "batch_newest"), ("status=failed", "batch_by_status")]
)
@pytest.mark.usefixtures("many_batches")
def test_batches_of_a_tenant_are_read_in_the_order_of_an_index(
    user: User, params: str, index: str
) -> None:
    (plan,) = plans(BATCHES, user, params)
    assert index in plan
    assert not is_sorted(plan)


@pytest.mark.usefixtures("many_batches")
def test_the_last_batches_of_the_first_page_are_read_in_the_order_of_an_index(
    console: Client,
) -> None:
    statements: list[tuple[str, Any]] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'ORDER BY "batches_batch"."finished_at" DESC' in sql:
            statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        assert console.get("/").status_code == 200
    ((sql, values),) = statements
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}", values)
        plan = "\n".join(str(line[-1]) for line in cursor.fetchall())
    assert "batch_last_ended" in plan
    assert not is_sorted(plan)


def is_sorted(plan: str) -> bool:
    """Return whether rows are sorted after they were read, in either database's words."""
    return "Sort" in plan or "TEMP B-TREE FOR ORDER BY" in plan
