"""The console and a worker as they run in production: real processes on a real database."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import requests

from benchmarks.workload import ROOT

_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Console:
    """A console process and a worker's process group, ready for requests."""

    url: str
    web: int
    worker: int


@contextmanager
def console(env: dict[str, str]) -> Iterator[Console]:
    """Run a console and a worker until the block ends; they are killed then."""
    everything = os.environ | env
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        web = _start(["-m", "scrapersky.web_server", str(number)], everything, number)
        worker = _start(["manage.py", "qcluster"], everything)
        try:
            url = f"http://localhost:{listening.getsockname()[1]}"
            requests.get(f"{url}/login/", timeout=_PATIENCE).raise_for_status()
            yield Console(url, web.pid, worker.pid)
        finally:
            for process in (web, worker):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _start(arguments: list[str], env: dict[str, str], *inherited: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        pass_fds=inherited,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
