"""The first page and the list of batches are read in the order of an index, never sorted."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches.tests.running import running_batch
from scrapersky.tenants.models import Tenant

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="reads PostgreSQL's plans"),
]
ORDERS = ('ORDER BY "batches_batch"."created_at" DESC', '"batches_batch"."finished_at" DESC')
OUTSIDE = 'ORDER BY "batches_job"."created_at" DESC'


def plan_of(sql: str) -> str:
    """Return the plan of a query with sorts and sequential scans disabled."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("is_superuser", [True, False])
@pytest.mark.parametrize(
    ("url", "orders"), [("/", [ORDERS[1], OUTSIDE]), ("/batches/", [ORDERS[0]])]
)
def test_the_newest_rows_are_read_without_a_sort(
    console: Client,
    user,
    default_tenant: Tenant,
    url: str,
    orders: list[str],
    is_superuser: bool,
) -> None:
    running_batch(default_tenant)
    user.is_superuser = is_superuser
    user.save()
    with CaptureQueriesContext(connection) as queries:
        console.get(url)
    for order in orders:
        sorted_queries = [query["sql"] for query in queries if order in query["sql"]]
        assert sorted_queries
        for sql in sorted_queries:
            assert "Sort" not in plan_of(sql), sql


@pytest.mark.parametrize(
    "url",
    ["/batches/", "/batches/?status=failed", "/batches/?type=sitemap_import", "/api/v3/batches"],
)
def test_the_batches_of_all_tenants_are_read_without_a_sort(
    console: Client, user, default_tenant: Tenant, other_tenant: Tenant, url: str
) -> None:
    for tenant in (default_tenant, other_tenant):
        running_batch(tenant)
    user.is_superuser = True
    user.save()
    with CaptureQueriesContext(connection) as queries:
        assert console.get(url).status_code == 200
    order = 'ORDER BY "batches_batch"."tenant_id" DESC'
    listed = [query["sql"] for query in queries if order in query["sql"]]
    assert listed
    for sql in listed:
        assert "Sort" not in plan_of(sql), sql
