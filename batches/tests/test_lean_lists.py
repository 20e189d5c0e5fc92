"""No list loads columns that it does not show, such as reports or lists of domains."""

import re
from datetime import UTC, datetime, time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches.models import Batch
from batches.recurring import Plan, create_recurring, start_due, start_now
from batches.services import create_batch, initiate_scan
from batches.tests.outcomes import complete, fail
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
# A column of a table, after SELECT: `"batches_job"."result"`.
HEAVY = re.compile(
    r'"scans_scan"\."report"|"batches_job"\."result"|"batches_recurringbatch"\."domains"'
)
LISTS = [
    "/",
    "/batches/",
    "/batches/{batch}/",
    "/batches/{batch}/jobs/",
    "/batches/{batch}/progress/",
    "/domains/",
    "/schedules/",
    "/admin/batches/batch/",
    "/admin/batches/job/",
    "/admin/batches/recurringbatch/",
    "/admin/batches/recurringrun/",
    "/admin/scans/domain/",
    "/admin/scans/scan/",
    "/api/v3/batch_page_scraper/batch/{batch}/status",
]


@pytest.fixture
def batch(default_tenant: Tenant, user: User) -> Batch:
    """Return a test-mode batch, whose jobs contain reports, and create rows for every list."""
    hosts = ["a.example", "b.example", "c.example"]
    batch = create_batch(
        tenant=default_tenant, created_by=user, domains=hosts, options={"test_mode": True}
    )
    first, second, _ = batch.jobs.order_by("position")
    complete(first)
    fail(second, "tls_error", "Old.")
    complete(initiate_scan("single.example", tenant=default_tenant))
    initiate_scan("waiting.example", tenant=default_tenant)
    plan = Plan(name="Daily", domains="a.example", frequency="daily", time_of_day=time(6))
    recurring = create_recurring(plan, tenant=default_tenant, created_by=user, now=NOW)
    start_now(recurring, user=user, now=NOW)
    return batch


@pytest.fixture
def office(admin_user: User) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


@pytest.mark.parametrize("url", LISTS)
def test_a_list_loads_no_report_and_no_list_of_domains(
    office: Client, batch: Batch, url: str
) -> None:
    with CaptureQueriesContext(connection) as queries:
        response = office.get(url.format(batch=batch.pk), headers={"HX-Request": "true"})
    assert response.status_code == 200
    heavy = [query["sql"] for query in queries if HEAVY.search(query["sql"].split(" FROM ")[0])]
    assert heavy == []


def test_only_the_schedules_that_are_started_load_their_domains(
    default_tenant: Tenant, user: User
) -> None:
    for number in range(3):
        plan = Plan(name=f"{number}", domains="a.example", frequency="daily", time_of_day=time(6))
        create_recurring(plan, tenant=default_tenant, created_by=user, now=NOW)
    with CaptureQueriesContext(connection) as queries:
        assert start_due(NOW) == "None was due."
        start_due(datetime(2026, 11, 2, 7, tzinfo=UTC))
    domains = '"batches_recurringbatch"."domains"'
    loaded = [query["sql"] for query in queries if domains in query["sql"]]
    assert len(loaded) == 3
    assert all("LIMIT" in sql for sql in loaded)
