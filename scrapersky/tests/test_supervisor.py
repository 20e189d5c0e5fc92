"""The supervised group, with real processes that only run and exit."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scrapersky.supervisor import part as part_module
from scrapersky.supervisor import supervisor as supervisor_module
from scrapersky.supervisor.guardian import remaining_groups
from scrapersky.supervisor.part import Part
from scrapersky.supervisor.supervisor import Supervisor
from tests.processes import eventually, is_running

SLEEPER = "import time; time.sleep(600)"
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}])
print(child.pid, file=open(sys.argv[1] + ".part", "w"), flush=True)
import os
os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(600)
"""
STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").close()
time.sleep(600)
"""
MakePart = Callable[..., Part]


@pytest.fixture
def make_part() -> Iterator[MakePart]:
    """Return a function that creates a part from Python code; all are ended after the test."""
    created: list[Part] = []

    def make(code: str, *arguments: str, name: str = "part", **options: Any) -> Part:
        command = [sys.executable, "-c", code, *arguments]
        created.append(Part(name, command, env=dict(os.environ), **options))
        return created[-1]

    yield make
    for part in created:
        part.end()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Replace the clock of the parts with a stopped one."""
    clock = {"now": 1_000.0}
    monkeypatch.setattr(part_module, "monotonic", lambda: clock["now"])
    return clock


@pytest.fixture
def supervise(db: None) -> Iterator[Callable[..., Supervisor]]:
    """Return a function that supervises parts until the test ends."""
    created: list[Supervisor] = []

    def make(*parts: Part) -> Supervisor:
        created.append(Supervisor(parts))
        created[-1].tend()
        return created[-1]

    yield make
    for supervisor in created:
        supervisor.end()


def test_a_part_that_died_waits_before_it_starts_again(
    make_part: MakePart, clock: dict[str, float]
) -> None:
    part = make_part("")
    delays = []
    for _ in range(8):
        part.start()
        eventually(part.has_died)
        part.end()
        started = clock["now"]
        while not part.is_due():
            clock["now"] += 0.5
        delays.append(clock["now"] - started)
    assert delays == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_part_that_ran_for_long_starts_again_soon(
    make_part: MakePart, clock: dict[str, float]
) -> None:
    part = make_part(SLEEPER)
    for age in (1, 1, 1, 600):
        part.start()
        clock["now"] += age
        part.end()
        clock["now"] += 30
    part.start()
    part.end()
    clock["now"] += 2
    assert part.is_due()


def test_ending_a_part_ends_what_it_started(make_part: MakePart, tmp_path: Path) -> None:
    pid_file = tmp_path / "child"
    part = make_part(PARENT, str(pid_file))
    part.start()
    eventually(pid_file.exists)
    child = int(pid_file.read_text())
    assert is_running(child)
    part.end()
    eventually(lambda: not is_running(child))


def test_what_a_dead_part_left_behind_is_ended(
    make_part: MakePart, supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    pid_file = tmp_path / "child"
    part = make_part(PARENT, str(pid_file))
    supervisor = supervise(part)
    eventually(pid_file.exists)
    child = int(pid_file.read_text())
    os.kill(part.pid, signal.SIGKILL)
    eventually(part.has_died)
    supervisor.tend()
    eventually(lambda: not is_running(child))


def test_a_part_that_dies_is_started_again(
    make_part: MakePart,
    supervise: Callable[..., Supervisor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(part_module, "FIRST_DELAY", 0.0)
    part = make_part(SLEEPER)
    supervisor = supervise(part)
    first = part.pid
    os.kill(first, signal.SIGKILL)
    eventually(part.has_died)
    supervisor.tend()
    assert part.pid not in {0, first}
    assert is_running(part.pid)


def test_a_part_that_does_not_listen_is_ended_after_the_grace(
    make_part: MakePart,
    supervise: Callable[..., Supervisor],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(supervisor_module, "GRACE", 0.5)
    ready = tmp_path / "ready"
    part = make_part(STUBBORN, str(ready))
    supervisor = supervise(part)
    eventually(ready.exists)
    pid = part.pid
    supervisor.end()
    assert not is_running(pid)


def test_the_guardian_remembers_what_was_not_taken_back() -> None:
    assert remaining_groups(["+11\n", "+12\n", "-11\n", "+13\n"]) == {12, 13}


def test_a_killed_supervisor_leaves_no_process(tmp_path: Path) -> None:
    pid_file = tmp_path / "child"
    code = f"""
import os, sys, time
from scrapersky.supervisor.guardian import Guardian
from scrapersky.supervisor.part import Part
part = Part("part", [sys.executable, "-c", {PARENT!r}, {str(pid_file)!r}], env=dict(os.environ))
guardian = Guardian()
part.start()
guardian.watch(part.pid)
print(part.pid, flush=True)
time.sleep(600)
"""
    supervisor = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    main = int(supervisor.stdout.readline())
    eventually(pid_file.exists)
    child = int(pid_file.read_text())
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    eventually(lambda: not is_running(main) and not is_running(child))


def test_a_part_waits_until_it_may_start(
    make_part: MakePart, supervise: Callable[..., Supervisor]
) -> None:
    console_responds: list[bool] = []
    first = make_part(SLEEPER)
    second = make_part(SLEEPER, may_start=lambda: bool(console_responds))
    supervisor = supervise(first, second)
    supervisor.tend()
    assert first.pid
    assert not second.pid
    console_responds.append(True)
    supervisor.tend()
    assert second.pid
