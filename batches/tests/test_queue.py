"""The queue only nudges: where it does not answer, the rows still hold the work."""

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from batches import queue
from batches.models import Batch
from batches.services import create_batch
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


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
