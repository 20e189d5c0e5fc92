"""PostgreSQL uses the indexes of domains for lists of jobs."""

import pytest
from django.db import connection

from batches.lists import JOBS
from batches.models import Batch, Job
from scans import storage
from scans.services import ensure_domains
from scans.tests.test_list_plans import on_postgresql, plans
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


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
