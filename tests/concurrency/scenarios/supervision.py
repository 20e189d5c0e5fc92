"""Failures that `manage.py up` detects and repairs."""

import os
import signal
import socket
from contextlib import suppress
from time import monotonic

import requests

from batches.models import Batch, Worker
from tests.concurrency.installation import Installation
from tests.concurrency.scenarios.common import Figures, audited, latency, names
from tests.processes import eventually


def web_killed(installation: Installation, *, jobs: int, within: float) -> Figures:
    """Kill the console's processes while a batch runs: the batch ends, and the console restarts."""
    installation.sites.before = latency(0.05)
    console = supervised(installation)
    batch = installation.create(names(jobs), max_concurrent=10)
    eventually(lambda: Batch.objects.get(pk=batch.pk).completed > jobs // 10, within=60)
    killed = installation.processes("web_server")
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    account = audited(batch, within=within)
    assert (account.status, account.completed, account.attempts) == ("complete", jobs, 0)
    eventually(lambda: answers(f"{console}/healthz"), within=60)
    assert not set(killed) & set(installation.processes("web_server"))
    return {"killed": f"{len(killed)} web processes", "account": account}


def supervised(installation: Installation) -> str:
    """Start `manage.py up`; return the console's address once it responds and workers are ready."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    installation.manage("up", PORT=str(port), SCAN_WORKER_NAME="here")
    address = f"http://127.0.0.1:{port}"
    eventually(lambda: answers(f"{address}/healthz"), within=90)
    eventually(lambda: len(installation.processes("qcluster")) == 8, within=60)
    eventually(Worker.objects.live().exists, within=60)
    return address


def answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=5).status_code == 200
    return False


def hung_cluster(installation: Installation, *, within: float) -> Figures:
    """Stop the queue's processes of `manage.py up`: the hang is reported, detected and repaired."""
    console = supervised(installation)
    pids = installation.processes("qcluster")
    for worker in pids[2:6]:
        os.kill(worker, signal.SIGSTOP)
    batch = installation.create(names(10))
    started = monotonic()
    eventually(lambda: not answers(f"{console}/healthz"), within=within)
    seconds = monotonic() - started
    account = audited(batch, within=within)
    took = monotonic() - started
    assert account.status == "complete"
    assert pids[0] not in installation.processes("qcluster")
    eventually(lambda: answers(f"{console}/healthz"), within=60)
    return {
        "said by /healthz after": f"{seconds:.0f} s",
        "batch ended after": f"{took:.0f} s",
        "account": account,
    }
