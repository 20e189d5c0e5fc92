"""A cluster that is alive and does nothing is noticed; one that works is left alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from batches.models import Worker
from batches.services import create_batch
from scrapersky.supervisor import watch as watch_module
from scrapersky.supervisor.watch import QueueWatch
from scrapersky.tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules_on_time")]


class RunningPart:
    name = "worker"
    pid = 1
    age = 600.0


@pytest.fixture
def part() -> Any:
    return RunningPart()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    clock = {"now": 1_000.0}
    monkeypatch.setattr(watch_module, "monotonic", lambda: clock["now"])
    return clock


def leave_a_message_lying() -> None:
    OrmQ.objects.create(key="scrapersky", payload="", lock=timezone.now() - timedelta(minutes=5))


def looks(watch: QueueWatch, clock: dict[str, float], seconds: float) -> list[Any]:
    """Return what the watch says over some seconds, asked every tenth of them."""
    answers = []
    for _ in range(10):
        answers.append(watch.hung_part())
        clock["now"] += seconds / 10
    return [answer for answer in answers if answer]


def test_a_queue_that_nobody_takes_from_is_a_cluster_that_hangs(
    part: Any, clock: dict[str, float]
) -> None:
    leave_a_message_lying()
    assert looks(QueueWatch(part), clock, 120) == [part]


def test_a_queue_that_recovers_is_left_alone(part: Any, clock: dict[str, float]) -> None:
    leave_a_message_lying()
    watch = QueueWatch(part)
    assert looks(watch, clock, 50) == []
    OrmQ.objects.all().delete()
    assert looks(watch, clock, 50) == []
    leave_a_message_lying()
    assert looks(watch, clock, 50) == []


def test_a_fresh_cluster_gets_time_to_take_what_piled_up(
    part: Any, clock: dict[str, float]
) -> None:
    leave_a_message_lying()
    part.age = 10.0
    assert looks(QueueWatch(part), clock, 600) == []


def test_work_that_this_host_leaves_lying_is_a_cluster_that_hangs(
    part: Any, clock: dict[str, float], default_tenant: Tenant
) -> None:
    create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    OrmQ.objects.all().delete()
    Worker.begin(host="another host", pid=1)
    assert looks(QueueWatch(part), clock, 120) == [part]
    Worker.begin(host=settings.SCAN_WORKER_NAME, pid=1)
    assert looks(QueueWatch(part), clock, 120) == []


def test_an_empty_queue_is_no_problem(part: Any, clock: dict[str, float]) -> None:
    assert looks(QueueWatch(part), clock, 600) == []


def test_a_database_that_is_away_is_not_the_clusters_fault(
    part: Any, clock: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> list[str]:
        raise OperationalError("away")

    monkeypatch.setattr(watch_module, "queue_problems", away)
    assert looks(QueueWatch(part), clock, 600) == []
