"""PostgreSQL claims jobs through the two partial indexes that were made for it."""

from typing import Any

import pytest
from django.db import connection

from batches.models import Batch, Job, Worker
from batches.runner.claims import CLAIM
from scans import storage
from scans.services import ensure_domains
from scans.tests.test_list_plans import on_postgresql
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db

JOBS = 4_000
HELD = 50


def fill(tenant: Tenant, worker: Worker, number: int) -> Batch:
    """Return a running batch of many ended and waiting jobs, of which a worker holds some."""
    batch = Batch.objects.create(tenant=tenant, total=JOBS)
    Batch.objects.start()
    domains = ensure_domains(tenant=tenant, hosts=[f"s{n}-{number}.example" for n in range(JOBS)])
    storage.upsert(
        Job,
        ("domain_id", "position", "host"),
        [(pk, position, host) for position, (host, pk) in enumerate(domains.items())],
        key=["domain_id", "batch_id"],
        constants={"tenant_id": tenant.pk, "batch_id": batch.pk},
    )
    batch.jobs.filter(position__lt=JOBS // 2).cancel()
    batch.jobs.filter(position__gte=JOBS - HELD).update(worker=worker)
    return batch


def plan_of_a_claim(**params: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batches_job")
        cursor.execute(f"EXPLAIN (COSTS OFF) {CLAIM}", params)
        return "\n".join(line for (line,) in cursor.fetchall())


@on_postgresql
def test_a_claim_reads_held_hosts_and_waiting_jobs_through_their_indexes(
    default_tenant: Tenant,
) -> None:
    worker = Worker.begin(host="h", pid=1)
    assert worker
    batches = [fill(default_tenant, worker, number) for number in range(3)]
    plan = plan_of_a_claim(
        batches=[batch.pk for batch in batches], counts=[100] * 3, single=10, worker=worker.pk
    )
    assert "job_held" in plan
    assert "job_claimable" in plan
