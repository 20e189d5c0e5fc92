"""Ask hosts that answered before whether they still do."""

import ipaddress
import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from time import monotonic
from typing import Any

from django.conf import settings

from scans.fetch_settings import fetch_settings
from scans.models import Scan

MAX_PROBED = 5
MAX_REMEMBERED = 20
# Seconds after which a probe is given up.
PATIENCE = 40.0


class AnsweringHosts:
    """The robots.txt of the sites that answered last."""

    def __init__(self) -> None:
        # URL -> the network of its server, the latest last.
        self._networks: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._networks)

    def add(self, report: dict[str, Any]) -> None:
        """Remember the site of a report if its robots.txt was answered, whatever the status."""
        robots = report["robots"]
        if not robots["status"]:
            return
        self._networks.pop(robots["url"], None)
        self._networks[robots["url"]] = _network_of(report["server_address"])
        if len(self._networks) > MAX_REMEMBERED:
            del self._networks[next(iter(self._networks))]

    def urls(self) -> list[str]:
        """Return up to five URLs, the latest of each network first."""
        latest = dict(reversed(self._networks.items()))
        of_each_network = {network: url for url, network in self._networks.items()}
        urls = dict.fromkeys([*(url for url in latest if url in of_each_network.values()), *latest])
        return list(urls)[:MAX_PROBED]

    @classmethod
    def of_latest_scans(cls) -> "AnsweringHosts":
        """Return the hosts of the latest scans in the database."""
        hosts = cls()
        for scan in reversed(Scan.objects.order_by("-pk").only("report")[:MAX_REMEMBERED]):
            hosts.add(scan.report)
        return hosts


def _network_of(address: str) -> str:
    """Return the /24 or /48 that an address is in, because one provider may fail as a whole."""
    try:
        bits = 24 if ipaddress.ip_address(address).version == 4 else 48
        return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
    except ValueError:
        return address


class Probe:
    """A process that requests URLs under the guard of all scans; its resolver has no cache."""

    def __init__(self, urls: list[str]) -> None:
        self._until = monotonic() + PATIENCE
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scans.engine.probe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
        )
        message = {
            "urls": urls,
            "connect_timeout": settings.SCAN_CONNECT_TIMEOUT,
            "read_timeout": settings.SCAN_READ_TIMEOUT,
            **asdict(fetch_settings()),
        }
        assert self._process.stdin is not None  # noqa: S101 - opened above
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def result(self) -> bool | None:
        """Return whether any host answered, None while the process runs."""
        if self._process.poll() is None and monotonic() < self._until:
            return None
        output = self.kill()
        try:
            return bool(json.loads(output))
        except ValueError:
            return False

    def kill(self) -> bytes:
        """End the process if it still runs; return its output."""
        self._process.kill()
        return self._process.communicate()[0]
