"""An installation for one test: its own database, and worker hosts."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, cast
from unittest.mock import patch

from django.db import connections
from django.test import override_settings

from batches.models import Batch, Worker
from batches.services import create_batch
from batches.tests.sites import Sites
from scrapersky import env
from scrapersky.supervisor.part import Part
from scrapersky.supervisor.watch import QueueWatch
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Tenant
from tests.processes import MARK, eventually, marked

BASE = Path(__file__).resolve().parent.parent.parent
# Options of scans that make two requests.
QUICK: dict[str, Any] = {"sitemaps": False, "follow": False, "site_deadline": 20}


class Installation:
    """A database, the environment for it and the sites, and the started hosts."""

    def __init__(self, url: str, folder: Path, sites: Sites, **environment: str) -> None:
        self.url = url
        self.folder = folder
        self.sites = sites
        self.mark = uuid.uuid4().hex
        self.given = environment
        self.hosts: list[Host] = []

    def __enter__(self) -> "Installation":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        mapped = ",".join("=".join(pair) for pair in self.sites.host_map)
        return {
            **kept,
            "ENV_FILE": "",
            "SECRET_KEY": os.environ["SECRET_KEY"],
            "HTTPS": "false",
            "DATABASE_URL": self.url,
            "EXPORT_DIR": str(self.folder / "exports"),
            "SCAN_HOST_MAP": mapped,
            "SCAN_ALLOWED_NETWORKS": "127.0.0.0/8",
            "SCAN_PROCESSES": "1",
            MARK: self.mark,
            **self.given,
        }

    def start_hosts(self, count: int) -> list["Host"]:
        """Start hosts and wait for their clusters."""
        self.hosts += [Host(self, f"host-{len(self.hosts) + n}") for n in range(count)]
        for host in self.hosts:
            eventually(host.is_up, within=90)
        return self.hosts

    def create(self, hosts: list[str], **options: Any) -> Batch:
        tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
        return create_batch(tenant=tenant, created_by=None, domains=hosts, options=QUICK | options)

    def manage(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a management command in its own process group."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(BASE / "manage.py"), *arguments],
                cwd=self.folder,
                env=self.environment | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def tend(self) -> None:
        """Restart hosts that have died or hang, like `manage.py up`."""
        for host in self.hosts:
            if host.process.poll() is not None or host.hangs():
                host.restart()

    def processes(self, part: str) -> list[int]:
        """Return the processes whose command contains a text, oldest first."""
        return sorted(pid for pid, command in marked(self.mark).items() if part in command)

    def last_words(self) -> str:
        """Return the ends of the logs, for diagnosis."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"{log.name}: {log.read_text()[-1_500:]}" for log in logs)

    def close(self) -> None:
        for pid in marked(self.mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for host in self.hosts:
            host.process.wait()


class Host:
    """One host of an installation: a qcluster with its own name."""

    def __init__(self, installation: Installation, name: str) -> None:
        self.installation = installation
        self.name = name
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        self.started_at = monotonic()
        self.watch = QueueWatch(cast(Part, self))
        return self.installation.manage("qcluster", SCAN_WORKER_NAME=self.name)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def age(self) -> float:
        return monotonic() - self.started_at

    def hangs(self) -> bool:
        """Return whether the supervisor of this host would consider its cluster hung."""
        with override_settings(SCAN_WORKER_NAME=self.name):
            return self.watch.hung_part() is not None

    def is_up(self) -> bool:
        """Return whether the cluster has started all of its processes."""
        return len(self.cluster()) > 6

    def processes(self) -> dict[int, str]:
        """Return the processes of the host's group, with their commands."""
        group = self.process.pid
        commands = marked(self.installation.mark)
        return {pid: command for pid, command in commands.items() if group_of(pid) == group}

    def cluster(self) -> list[int]:
        """Return the queue's processes, the main one first."""
        return sorted(pid for pid, command in self.processes().items() if "qcluster" in command)

    def children(self) -> list[int]:
        """Return the scanning processes."""
        return [pid for pid, text in self.processes().items() if "scans.engine.child" in text]

    def workers(self) -> list[int]:
        """Return the queue's worker processes, the first ones started by the sentinel."""
        return self.cluster()[2:6]

    def shift(self) -> int | None:
        """Return the process that runs the host's shift, if any."""
        rows = Worker.objects.filter(host=self.name, status=Worker.Status.WORKING)
        return rows.values_list("pid", flat=True).first()

    def kill(self) -> None:
        """Kill all processes of the host at once, like a power cut."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """End the rest of the group and restart it."""
        self.kill()
        self.process = self._start()


def group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


@contextmanager
def pointed_at(url: str) -> Iterator[None]:
    """Make Django in this process use another database inside the block."""
    with patch.dict(os.environ, {"POINTED_AT": url}):
        configured = connections.configure_settings({"default": env.database("POINTED_AT")})[
            "default"
        ]
    before = connections["default"]
    settings = connections.databases["default"]
    connections.databases["default"] = configured
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections.databases["default"] = settings
        connections["default"] = before
