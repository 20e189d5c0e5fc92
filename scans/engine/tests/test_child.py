"""The scanning process: its frames, cancellation, and how it ends."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scans.engine.tests import hostile_server as hostile
from scans.engine.tests.hostile_server import ADDRESS, HostileServer, Visit, page
from scans.engine.tests.name_server import LoopbackNameServer

HOME = "<html><title>Acme</title><p>We make anvils.</p></html>"
QUICK = {"sitemaps": False, "read_timeout": 5.0}


class Child:
    """A scanning process and the pipes to it."""

    def __init__(self, *, code: str = "") -> None:
        program = ["-c", code] if code else ["-m", "scans.engine.child"]
        self.process = subprocess.Popen(
            [sys.executable, *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def start(self, server: HostileServer, threads: int = 4) -> None:
        """Send the settings and wait until the process is ready."""
        host_map = [list(pair) for pair in server.map]
        networks = [f"{ADDRESS}/32"]
        self.put(type="settings", threads=threads, allowed_networks=networks, host_map=host_map)
        assert self.frame()[0] == "ready"

    def put(self, **message: Any) -> None:
        """Send one message."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def frame(self) -> tuple[str, str, dict[str, Any]]:
        """Read one frame."""
        assert self.process.stdout is not None
        kind, job, size = self.process.stdout.readline().decode().split()
        return kind, job, json.loads(self.process.stdout.read(int(size)))

    def outcomes(self, count: int) -> dict[str, tuple[str, dict[str, Any]]]:
        """Read until this many scans have ended; return kind and payload by job."""
        ended: dict[str, tuple[str, dict[str, Any]]] = {}
        while len(ended) < count:
            kind, job, payload = self.frame()
            if kind != "stage":
                assert job not in ended
                ended[job] = (kind, payload)
        return ended

    def close_input(self) -> None:
        """Close the input, which ends the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None  # communicate() would flush it


Spawn = Callable[..., Child]


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start scanning processes that never outlive the test."""
    children: list[Child] = []

    def start(code: str = "") -> Child:
        children.append(Child(code=code))
        return children[-1]

    yield start
    for child in children:
        child.process.kill()
        child.process.communicate()


@pytest.fixture
def child(spawn: Spawn) -> Child:
    return spawn()


def test_every_scan_ends_in_one_report_or_failure(child: Child) -> None:
    with HostileServer({"/": page(HOME)}) as server:
        child.start(server)
        for number in range(20):
            child.put(type="scan", job=f"good-{number}", domain="acme.test", limits=QUICK)
        child.put(type="scan", job="bad", domain="not a domain", limits=QUICK)
        ended = child.outcomes(21)
    assert [kind for kind, _ in ended.values()].count("report") == 20
    kind, payload = ended["bad"]
    assert (kind, payload["reason"]) == ("failure", "invalid_domain")
    assert payload["error"]
    assert ended["good-7"][1]["title"] == "Acme"


def test_the_name_servers_of_the_settings_are_asked(child: Child) -> None:
    with LoopbackNameServer() as names:
        child.put(type="settings", threads=1, dns_servers=[names.place])
        assert child.frame()[0] == "ready"
        child.put(type="scan", job="one", domain="acme.example", limits=QUICK)
        kind, payload = child.outcomes(1)["one"]
    assert (kind, payload["reason"]) == ("failure", "dns_not_found")
    assert "acme.example A" in names.asked


def test_a_host_that_was_resolved_before_is_not_looked_up_again(child: Child) -> None:
    with LoopbackNameServer() as names:
        child.put(type="settings", threads=1, dns_servers=[names.place])
        assert child.frame()[0] == "ready"
        answers = {"acme.example": ["10.1.2.3"]}
        child.put(type="scan", job="one", domain="acme.example", limits=QUICK, answers=answers)
        kind, payload = child.outcomes(1)["one"]
    assert (kind, payload["reason"]) == ("failure", "blocked_address")
    assert "acme.example A" not in names.asked


def test_the_stage_of_a_scan_that_takes_long_is_told(child: Child) -> None:
    released = threading.Event()

    def home(visit: Visit) -> None:
        released.wait(20)
        visit.reply(HOME.encode())

    with HostileServer({"/": home}) as server:
        child.start(server)
        child.put(type="scan", job="slow", domain="acme.test", limits={"read_timeout": 30.0})
        frame = child.frame()
        while frame[2]["stage"] != "homepage":
            frame = child.frame()
        released.set()
        assert child.outcomes(1)["slow"][0] == "report"
    assert frame == ("stage", "slow", {"stage": "homepage", "progress": 0.15})


def test_a_scan_that_has_not_begun_tells_no_stage(child: Child) -> None:
    released = threading.Event()

    def home(visit: Visit) -> None:
        released.wait(20)
        visit.reply(HOME.encode())

    with HostileServer({"/": home}) as server:
        child.start(server, threads=1)
        for job in ("first", "second"):
            child.put(type="scan", job=job, domain="acme.test", limits=QUICK)
        frames = [child.frame()]
        while [kind for kind, _, _ in frames].count("report") < 2:
            if frames[-1][2].get("stage") == "homepage":
                released.set()
            frames.append(child.frame())
    assert all(payload["stage"] for kind, _, payload in frames if kind == "stage")


def test_the_limits_of_a_scan_are_its_own(child: Child) -> None:
    with HostileServer({"/": hostile.never}) as server:
        child.start(server)
        limits = {"read_timeout": 5.0, "site_deadline": 0.5, "unknown_limit": 1}
        child.put(type="scan", job="short", domain="acme.test", limits=limits)
        (kind, payload) = child.outcomes(1)["short"]
    assert (kind, payload["reason"]) == ("failure", "deadline_exceeded")
    assert payload["requests"][-1]["url"] == "http://acme.test/"


def test_a_cancelled_scan_ends_within_two_seconds_and_the_others_go_on(child: Child) -> None:
    waiting = threading.Event()

    def home(visit: Visit) -> None:
        waiting.set()
        visit.hang()

    with HostileServer({"/": home}) as server:
        child.start(server, threads=1)
        child.put(type="scan", job="running", domain="a.test", limits={"read_timeout": 30.0})
        child.put(type="scan", job="queued", domain="b.test", limits={"read_timeout": 30.0})
        assert waiting.wait(10)
        started = time.monotonic()
        child.put(type="cancel", job="queued")
        child.put(type="cancel", job="running")
        child.put(type="cancel", job="unknown")
        ended = child.outcomes(2)
        assert time.monotonic() - started < 2
        server.answers["/"] = page(HOME)
        child.put(type="scan", job="next", domain="a.test", limits=QUICK)
        assert child.outcomes(1)["next"][0] == "report"
    assert {payload["reason"] for _, payload in ended.values()} == {"cancelled"}


def test_the_process_ends_when_its_input_closes_whatever_still_runs(child: Child) -> None:
    with HostileServer({"/": hostile.never}) as server:
        child.start(server)
        child.put(type="scan", job="stuck", domain="acme.test", limits={"read_timeout": 30.0})
        assert child.frame()[0] == "stage"
        child.close_input()
        assert child.process.wait(3) == 0


def test_an_interrupt_from_the_terminal_is_left_to_the_parent(child: Child) -> None:
    with HostileServer({"/": page(HOME)}) as server:
        child.start(server)
        child.process.send_signal(signal.SIGINT)
        child.put(type="scan", job="one", domain="acme.test", limits=QUICK)
        assert child.outcomes(1)["one"][0] == "report"


STRAY_PRINTS = """
from scans.engine.child import jobs
from scans.engine.child.__main__ import main
scan_site = jobs.scan_site
def noisy(*args, **more):
    print("stray words on stdout", flush=True)
    if args[0] == "broken.test":
        raise RuntimeError("a defect of ours")
    return scan_site(*args, **more)
jobs.scan_site = noisy
main()
"""

SHORT_PATIENCE = """
from scans.engine.child import messages
from scans.engine.child.__main__ import main
messages.STUCK_AFTER = 3.0
main()
"""

STUCK_IN_C = """
import re, threading
from scans.engine.child import jobs, messages
from scans.engine.child.__main__ import main
messages.STUCK_AFTER = 1.5
def hold_the_lock(*args, **more):
    re.match(r"(a+)+$", "a" * 50 + "b")
jobs.scan_site = hold_the_lock
main()
"""


def test_a_reader_that_pauses_does_not_end_the_process(spawn: Spawn) -> None:
    child = spawn(SHORT_PATIENCE)
    with HostileServer(
        {"/": page(f"{HOME}<meta name=description content='{'anvils ' * 300}'>")}
    ) as server:
        child.start(server)
        for number in range(60):
            child.put(type="scan", job=f"job-{number}", domain="acme.test", limits=QUICK)
        with pytest.raises(subprocess.TimeoutExpired):
            child.process.wait(4)
        assert len(child.outcomes(60)) == 60
        child.close_input()
    child.process.communicate(timeout=5)


def test_stray_prints_and_our_own_defects_do_not_disturb_the_frames(spawn: Spawn) -> None:
    child = spawn(STRAY_PRINTS)
    with HostileServer({"/": page(HOME)}) as server:
        child.start(server)
        child.put(type="scan", job="broken", domain="broken.test", limits=QUICK)
        child.put(type="scan", job="fine", domain="acme.test", limits=QUICK)
        ended = child.outcomes(2)
        child.close_input()
    assert (ended["broken"][1]["reason"], ended["fine"][0]) == ("internal_error", "report")
    assert "RuntimeError" in ended["broken"][1]["error"]
    _, errors = child.process.communicate(timeout=5)
    assert b"stray words" in errors
    assert b"a defect of ours" in errors


def test_the_process_ends_itself_when_a_regex_holds_the_interpreter(spawn: Spawn) -> None:
    child = spawn(STUCK_IN_C)
    with HostileServer({}) as server:
        child.start(server)
        child.put(type="scan", job="stuck", domain="acme.test", limits=QUICK)
        _, errors = child.process.communicate(timeout=60)
    assert child.process.returncode == 1
    assert b"hold_the_lock" in errors
