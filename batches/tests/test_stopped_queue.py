"""Only a queue process scans: without one, the rest of an installation sends no request."""

import json

import pytest
from django.test import Client

from batches import maintenance, tasks
from batches.models import Batch, Job, Worker
from batches.services import initiate_scan
from batches.tests.api_clients import ROOT, program_of
from batches.tests.running import run_shift
from batches.tests.sites import Sites
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db(transaction=True)

BY_PAGE = {"domains": "s1.site.test\ns2.site.test", "max_concurrent": "25", "name": "By page"}


def create_everywhere(console: Client, user: User, tenant: Tenant) -> Batch:
    """Create jobs on the page, through the API and without a batch; return the page's batch."""
    assert console.post("/batches/new/", BY_PAGE).status_code == 302
    by_api = json.dumps({"domains": ["s3.site.test"]})
    program = program_of(user)
    response = program.post(f"{ROOT}/batch", by_api, content_type="application/json")
    assert response.status_code == 201
    initiate_scan("s4.site.test", tenant=tenant)
    return Batch.objects.get(name="By page")


def run_everything_else(console: Client, batch: Batch) -> None:
    """Open pages as a user does, and run every scheduled task of the installation."""
    for url in ("/", "/batches/", f"/batches/{batch.pk}/"):
        assert console.get(url).status_code == 200
    for schedule in maintenance.SCHEDULES.values():
        getattr(tasks, schedule["func"].rpartition(".")[2])()


def test_no_site_receives_a_request_until_a_queue_process_runs(
    console: Client, user: User, default_tenant: Tenant, sites: Sites
) -> None:
    batch = create_everywhere(console, user, default_tenant)
    run_everything_else(console, batch)
    assert sites.requested == []
    assert not Worker.objects.exists()
    assert set(Job.objects.values_list("status", "worker")) == {("pending", None)}
    assert "waiting for a worker" in console.get(f"/batches/{batch.pk}/").content.decode()
    run_shift()
    assert {host for _, host, _ in sites.requested} == {f"s{n}.site.test" for n in range(1, 5)}
