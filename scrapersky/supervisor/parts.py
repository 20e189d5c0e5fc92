"""What `manage.py up` runs: the console, the worker with its schedules, the demo sites."""

import os
import socket
import sys
import threading
from collections.abc import Callable
from time import monotonic

from django.conf import settings
from django.db import DatabaseError

from batches.models import Worker
from scans.demo import server as demo_server
from scans.demo.catalogue import host_map
from scrapersky.supervisor.part import Part

BASE = str(settings.BASE_DIR)
CONSOLE_PROCESSES = 2
# Seconds after which the other parts start even if the console has not responded.
PATIENCE = 10.0


def make_parts(console: socket.socket, responds: threading.Event) -> list[Part]:
    """Return the parts in starting order.

    One process of the console starts alone because users wait for it, and the imports of the others
    would compete for the CPU. `responds` is set once it responds.
    """
    env = part_environment()
    may_start = _after(responds)
    others = [worker_part(env, may_start)]
    if settings.DEMO_SITES:
        http, https = demo_server.listen(), demo_server.listen()
        env["SCAN_HOST_MAP"] = mapped_hosts(http.getsockname()[1], https.getsockname()[1])
        env["SCAN_MAPPED_NETWORKS"] = ",".join([*settings.SCAN_MAPPED_NETWORKS, "127.0.0.1/32"])
        others.insert(0, demo_part(http, https, env, may_start))
    return [*console_parts(console, env, may_start), *others]


def _after(event: threading.Event) -> Callable[[], bool]:
    give_up = monotonic() + PATIENCE
    return lambda: event.is_set() or monotonic() > give_up


def part_environment() -> dict[str, str]:
    """Return this process's environment, extended so that the parts find the project.

    They share its working directory, because DATABASE_URL may be a relative path.
    """
    path = filter(None, [BASE, os.environ.get("PYTHONPATH")])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def mapped_hosts(http_port: int, https_port: int) -> str:
    """Return the host map in the settings plus the demo sites."""
    own = ["=".join(pair) for pair in settings.SCAN_HOST_MAP]
    return ",".join([*own, host_map(http_port, https_port)])


def demo_part(
    http: socket.socket,
    https: socket.socket,
    env: dict[str, str],
    may_start: Callable[[], bool] = lambda: True,
) -> Part:
    """Return the demo sites, on sockets kept open here so that a restart loses no request."""
    http.set_inheritable(True)
    https.set_inheritable(True)
    numbers = (http.detach(), https.detach())
    command = [sys.executable, "-m", "scans.demo", *map(str, numbers)]
    return Part("demo sites", command, env=env, sockets=numbers, may_start=may_start)


def worker_part(env: dict[str, str], may_start: Callable[[], bool] = lambda: True) -> Part:
    command = [sys.executable, f"{BASE}/manage.py", "qcluster"]
    return Part("worker", command, env=env, before_start=declare_dead_shifts, may_start=may_start)


def console_parts(
    listening: socket.socket, env: dict[str, str], may_start: Callable[[], bool]
) -> list[Part]:
    """Return the console's processes, which share a socket: each serves if others die."""
    number = listening.fileno()
    command = [sys.executable, "-m", "scrapersky.web_server", str(number)]
    first = Part("console", command, env=env, sockets=[number])
    others = [
        Part("console", command, env=env, sockets=[number], may_start=may_start)
        for _ in range(CONSOLE_PROCESSES - 1)
    ]
    return [first, *others]


def declare_dead_shifts() -> None:
    """Recover the jobs of shifts that died on this host without waiting for a time-out."""
    try:
        Worker.objects.declare_dead_lost(settings.SCAN_WORKER_NAME)
    except DatabaseError:
        return  # housekeeping does it when the database is back
