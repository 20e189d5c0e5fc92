"""A cluster that is alive but does nothing is detected; one that works is left alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from batches.maintenance import MINUTE_KEEPER
from batches.models import MaintenanceRun, Worker
from batches.services import create_batch
from scrapersky.supervisor import watch as watch_module
from scrapersky.supervisor.watch import QueueWatch
from scrapersky.tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules_on_time")]


class RunningPart:
    name = "worker"
    pid = 1
    age = 3_600.0


@pytest.fixture
def part() -> Any:
    return RunningPart()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    clock = {"now": 1_000.0}
    monkeypatch.setattr(watch_module, "monotonic", lambda: clock["now"])
    return clock


def begin_shift() -> Worker:
    worker = Worker.begin(host=settings.SCAN_WORKER_NAME, pid=1)
    assert worker
    return worker


def looks(watch: QueueWatch, clock: dict[str, float], seconds: float) -> list[Any]:
    """Return the answers of the watch over some seconds, polled ten times per second."""
    answers = []
    for _ in range(10):
        answers.append(watch.hung_part())
        clock["now"] += seconds / 10
    return [answer for answer in answers if answer]


def test_a_cluster_whose_shift_does_not_start_hangs(part: Any, clock: dict[str, float]) -> None:
    Worker.begin(host="another host", pid=1)
    assert looks(QueueWatch(part), clock, 120) == [part]


def test_a_cluster_with_a_fresh_heartbeat_is_left_alone_whatever_waits(
    part: Any, clock: dict[str, float], default_tenant: Tenant
) -> None:
    create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    OrmQ.objects.create(key="scrapersky", payload="", lock=timezone.now() - timedelta(minutes=5))
    begin_shift()
    assert looks(QueueWatch(part), clock, 600) == []


def test_a_silent_shift_is_a_cluster_that_hangs(part: Any, clock: dict[str, float]) -> None:
    begin_shift()
    Worker.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    assert looks(QueueWatch(part), clock, 120) == [part]


def test_a_cluster_that_recovers_is_left_alone(part: Any, clock: dict[str, float]) -> None:
    watch = QueueWatch(part)
    assert looks(watch, clock, 50) == []
    worker = begin_shift()
    assert looks(watch, clock, 50) == []
    worker.end()
    assert looks(watch, clock, 50) == []


def test_a_queue_that_stands_still_beside_a_shift_is_a_cluster_that_hangs(
    part: Any, clock: dict[str, float]
) -> None:
    begin_shift()
    MaintenanceRun.begin(MINUTE_KEEPER)
    assert looks(QueueWatch(part), clock, 120) == []
    MaintenanceRun.objects.update(started_at=timezone.now() - timedelta(minutes=20))
    assert looks(QueueWatch(part), clock, 120) == [part]
    Schedule.objects.filter(name=MINUTE_KEEPER).update(repeats=0)
    assert looks(QueueWatch(part), clock, 120) == []


def test_a_fresh_cluster_gets_time_to_start_its_shift(part: Any, clock: dict[str, float]) -> None:
    part.age = 10.0
    assert looks(QueueWatch(part), clock, 600) == []


def test_a_database_that_is_away_is_not_the_clusters_fault(
    part: Any, clock: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("away")

    monkeypatch.setattr(Worker.objects, "live", away)
    assert looks(QueueWatch(part), clock, 600) == []
