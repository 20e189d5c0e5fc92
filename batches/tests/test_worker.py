"""A host's shifts whose processes are gone."""

import os
import subprocess
import sys

import pytest

from batches.models import Worker

pytestmark = pytest.mark.django_db


def dead_pid() -> int:
    """Return the id of a process that has ended and was reaped."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_shift_whose_process_is_gone_is_declared_lost() -> None:
    worker = Worker.begin(host="here", pid=dead_pid())
    assert worker
    assert Worker.objects.lose_dead("here") == 1
    assert not worker.beat()
    assert Worker.begin(host="here", pid=os.getpid())


def test_a_process_that_ended_and_was_not_reaped_is_gone_too() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    Worker.begin(host="here", pid=process.pid)
    assert Worker.objects.lose_dead("here") == 1
    process.wait()


def test_a_shift_at_work_and_another_hosts_are_left_alone() -> None:
    Worker.begin(host="here", pid=os.getpid())
    Worker.begin(host="there", pid=dead_pid())
    assert Worker.objects.lose_dead("here") == 0
