"""A hung cluster, as after killing idle workers (django-q2 issue 23), is restarted."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from scrapersky.supervisor.part import Part
from scrapersky.supervisor.supervisor import Supervisor
from scrapersky.supervisor.watch import QueueWatch
from tests.concurrency.conftest import Install
from tests.concurrency.installation import BASE, Installation, group_of
from tests.concurrency.scenarios.common import ended, names
from tests.processes import eventually, marked


@pytest.fixture
def installation(install: Install, settings: Settings) -> Installation:
    settings.SCAN_WORKER_NAME = "here"
    return install(SCAN_WORKER_NAME="here")


@pytest.fixture
def supervisor(installation: Installation) -> Iterator[Supervisor]:
    command = [sys.executable, str(BASE / "manage.py"), "qcluster"]
    part = Part("worker", command, env=installation.environment)
    running = Supervisor([part])
    running._watch = QueueWatch(part, settling=3, patience=2)
    running.tend()
    yield running
    running._urgent = True
    running.end()


def cluster_of(part: Part, mark: str) -> list[int]:
    return sorted(pid for pid in marked(mark) if group_of(pid) == part.pid)


def test_workers_that_stand_still_are_noticed_and_the_cluster_is_mended(
    installation: Installation, supervisor: Supervisor
) -> None:
    (part,) = supervisor._parts
    first = part.pid
    pids = eventually(lambda: at_full_strength(part, installation), within=60)
    for worker in pids[2:6]:
        os.kill(worker, signal.SIGSTOP)
    batch = installation.create(names(5))

    def mended() -> bool:
        supervisor.tend()
        return part.pid not in {0, first}

    eventually(mended, within=90)
    eventually(lambda: ended(batch), within=60)
    assert batch.status == "complete"


def at_full_strength(part: Part, installation: Installation) -> list[int]:
    """Return the cluster's processes once all exist: main, sentinel, four workers, two others."""
    pids = cluster_of(part, installation.mark)
    return pids if len(pids) == 8 else []
