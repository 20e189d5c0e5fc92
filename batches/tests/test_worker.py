"""The rows of worker hosts: identities, and dead processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batches.models import Worker
from batches.models import worker as worker_module

pytestmark = pytest.mark.django_db


def dead_pid() -> int:
    """Return the id of a process that has ended and was reaped."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_shift_whose_process_is_gone_is_declared_lost() -> None:
    worker = Worker.begin(host="here", pid=dead_pid())
    assert worker
    assert Worker.objects.declare_dead_lost("here") == 1
    assert not worker.beat()
    assert Worker.begin(host="here", pid=os.getpid())


def test_a_process_that_ended_and_was_not_reaped_is_gone_too() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    Worker.begin(host="here", pid=process.pid)
    assert Worker.objects.declare_dead_lost("here") == 1
    process.wait()


def test_a_shift_at_work_and_another_hosts_are_left_alone() -> None:
    Worker.begin(host="here", pid=os.getpid())
    Worker.begin(host="there", pid=dead_pid())
    assert Worker.objects.declare_dead_lost("here") == 0


def test_two_containers_with_one_name_are_two_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Worker.begin(host="worker", pid=dead_pid())
    monkeypatch.setattr(worker_module, "this_machine", lambda: "the same boot pid:[4026532999]")
    two = Worker.begin(host="worker", pid=os.getpid())
    assert one
    assert two
    assert Worker.objects.declare_dead_lost("worker") == 0
    Worker.objects.stop("worker")
    assert list(Worker.objects.filter(stop_requested=True)) == [two]


def test_two_names_on_one_machine_are_two_hosts() -> None:
    assert Worker.begin(host="one", pid=os.getpid())
    assert Worker.begin(host="two", pid=os.getpid())


def test_a_second_worker_of_a_host_causes_no_error_in_the_database() -> None:
    Worker.begin(host="here", pid=1)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert Worker.begin(host="here", pid=2) is None
    insert = next(query["sql"] for query in queries if query["sql"].startswith("INSERT"))
    assert "ON CONFLICT DO NOTHING" in insert or "INSERT OR IGNORE" in insert


def test_without_proc_the_time_of_the_boot_tells_machines_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sysctl = tmp_path / "sysctl"
    sysctl.write_text("#!/bin/sh\necho '{ sec = 1763976000, usec = 0 } Mon Nov 24 09:20:00 2026'\n")
    sysctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert worker_module._boot_time() == "boot 1763976000"
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert worker_module._boot_time() == ""
