"""The queue only starts shifts: if it does not respond, no work is lost."""

import time

import pytest
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django.fixtures import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from batches import queue, tasks
from batches.models import Batch, Worker
from batches.services import create_batch
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0)


def messages() -> list[dict]:
    """Take all messages from the queue."""
    payloads = list(OrmQ.objects.values_list("payload", flat=True))
    OrmQ.objects.all().delete()
    return [SignedPackage.loads(payload) for payload in payloads]


def test_a_queue_that_does_not_answer_loses_no_batch(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise RedisConnectionError("Connection refused.")

    monkeypatch.setattr(queue, "async_task", refuse)
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    queue.wake_workers()
    assert Batch.objects.get(pk=batch.pk).jobs.count() == 1
    assert caplog.text.count("Connection refused.") >= 2
    with pytest.raises(RedisConnectionError):
        queue.call_shift()


def test_a_batch_queues_a_shift_only_where_no_worker_is_alive(default_tenant: Tenant) -> None:
    create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    assert len(messages()) == 1
    Worker.begin(host="another host", pid=1)
    create_batch(tenant=default_tenant, created_by=None, domains=["b.example"])
    assert messages() == []


def test_a_shift_has_no_time_limit_and_names_its_host(settings: Settings) -> None:
    settings.SCAN_WORKER_NAME = "here"
    queue.ensure_shift()
    (message,) = messages()
    assert (message["timeout"], message["name"]) == (-1, "shift on here")


def test_a_message_for_another_host_is_passed_on_until_it_is_too_old(settings: Settings) -> None:
    settings.SCAN_WORKER_NAME = "there"
    queue.ensure_shift()
    (message,) = messages()
    settings.SCAN_WORKER_NAME = "here"
    Worker.begin(host="here", pid=1)
    assert tasks.run_shift(*message["args"]) == "Passed on to its host."
    (again,) = messages()
    assert again["args"] == message["args"]
    host, _ = message["args"]
    assert tasks.run_shift(host, time.time() - 1) == "This host already has a shift."
    assert messages() == []


def test_a_message_that_is_delivered_twice_starts_one_shift(settings: Settings) -> None:
    settings.SCAN_WORKER_NAME = "here"
    Worker.begin(host="here", pid=1)
    queue.call_shift(queue.this_host())
    (message,) = messages()
    for _ in range(2):
        assert tasks.run_shift(*message["args"]) == "This host already has a shift."
    assert tasks.run_shift() == "This host already has a shift."  # as earlier versions queued it
