"""The notices on pages and /healthz while workers have no network."""

import pytest
from django.test import Client
from django.utils import timezone

from batches.models import Batch, Worker
from batches.outages.notice import outage_notice
from batches.services import create_batch
from scrapersky import health
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(default_tenant: Tenant) -> Batch:
    """Return a batch that runs on a host whose network is down."""
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    Batch.objects.start()
    Worker.objects.create(host="first", network_down_since=timezone.now())
    return batch


@pytest.mark.usefixtures("batch", "schedules_on_time")
def test_an_outage_is_a_problem_that_names_no_host() -> None:
    (message,) = health.problems()
    assert message == outage_notice()
    assert "The network here seems to be down" in message
    assert "first" not in message


@pytest.mark.parametrize("address", ["/", "/batches/", "/batches/{pk}/", "/batches/{pk}/progress/"])
def test_the_overview_and_the_batches_say_so(console: Client, batch: Batch, address: str) -> None:
    body = console.get(address.format(pk=batch.pk), headers={"HX-Request": "true"}).content.decode()
    assert "The network here seems to be down" in body


def test_a_paused_batch_does_not_blame_the_network(console: Client, batch: Batch) -> None:
    Batch.objects.pause()
    body = console.get(f"/batches/{batch.pk}/").content.decode()
    assert "The network here seems to be down" not in body


@pytest.mark.usefixtures("batch")
def test_it_says_that_other_hosts_go_on() -> None:
    Worker.objects.create(host="second")
    assert outage_notice().startswith("1 of 2 worker hosts seem to have lost their network")
    Worker.objects.update(network_down_since=None)
    assert outage_notice() == ""


@pytest.mark.usefixtures("batch")
def test_a_worker_that_has_ended_is_not_meant() -> None:
    Worker.objects.update(status=Worker.Status.LOST)
    assert outage_notice() == ""
