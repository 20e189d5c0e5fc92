"""`make demo`: the real worker scans the demo sites, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from scans.demo.catalogue import HOSTS
from tests.processes import MARK, eventually, marked

BASE = Path(__file__).resolve().parent.parent


@pytest.fixture
def mark() -> Iterator[str]:
    """Return the mark of a demo's processes, which are killed after the test."""
    mark = uuid.uuid4().hex
    yield mark
    for pid in marked(mark):
        os.kill(pid, signal.SIGKILL)


def start_demo(mark: str, folder: Path) -> subprocess.Popen[str]:
    """Start the demo in an environment that points to other data."""
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(folder),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/production",
        "SCAN_READ_TIMEOUT": "of no use",
        MARK: mark,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "batches.demo"],
        cwd=BASE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_demo_scans_its_sites_and_leaves_nothing_behind(mark: str, tmp_path: Path) -> None:
    demo = start_demo(mark, tmp_path)
    output, _ = demo.communicate(timeout=180)
    assert demo.returncode == 0, output
    assert [host for host in HOSTS if host not in output] == []
    assert "orders@bakery.demo.test" in output
    assert "The batch is partial" in output
    assert marked(mark) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(
    mark: str, tmp_path: Path, number: signal.Signals
) -> None:
    demo = start_demo(mark, tmp_path)
    eventually(lambda: [c for c in marked(mark).values() if "scans.engine.child" in c], within=90)
    demo.send_signal(number)
    output, _ = demo.communicate(timeout=60)
    assert demo.returncode == 130, output
    eventually(lambda: not marked(mark))
    assert list(tmp_path.iterdir()) == []
