"""Stop a shift's claims while its host's network is down, and notice when it is back."""

import ipaddress
import json
import logging
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings

from batches.models import Worker
from batches.runner.breaker import Breaker
from batches.runner.claims import Claimer
from batches.runner.flush import release
from batches.runner.messages import Kind, Outcome
from batches.runner.pool import Pool
from batches.transitions import retry_after_outage
from scans.fetch_settings import fetch_settings
from scans.models import Scan

logger = logging.getLogger(__name__)

MOST_PROBED = 5
REMEMBERED_NETWORKS = 20
# Reports larger than this are not read for the address of the robots.txt.
LARGEST_READ = 200_000
# Seconds after which a probe is given up.
PROBE_PATIENCE = 40.0
# Results read from the database if no host has answered since the shift began.
LATEST_SCANS = 20


class NetworkWatch:
    """A shift's breaker, and what happens while it is open."""

    def __init__(self, worker: Worker, pool: Pool) -> None:
        self.breaker = Breaker()
        self._worker = worker
        self._pool = pool
        self._hosts = AnsweringHosts()
        self._probe: Probe | None = None
        self._needs_trial = False
        # The state of the breaker that the worker's row has.
        self._written: tuple[datetime | None, int] = (None, 0)
        self._continue_outage()

    @property
    def is_down(self) -> bool:
        return self.breaker.is_open

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Take the ends of jobs; of several reports, only the last is read."""
        for outcome in outcomes:
            is_failure = outcome.kind is Kind.FAILURE
            reason = outcome.read()["reason"] if is_failure else ""
            self.breaker.note(outcome.job.claim, reason, outcome.started_at)
        reports = [outcome.payload for outcome in outcomes if outcome.kind is Kind.REPORT]
        if reports and len(reports[-1]) <= LARGEST_READ:
            self._hosts.add(json.loads(reports[-1]))

    def step(self) -> None:
        """Release jobs and probe while the network is down; retry and go on once it is back."""
        self.breaker.check()
        if self.is_down:
            release(self._worker, self._pool.take_waiting(lambda job: True))
            self._look()
        if claims := self.breaker.take_retries():
            count = retry_after_outage(dict(claims))
            logger.warning("worker=%s: %d jobs are retried", self._worker.pk, count)
        self._write()

    def claim_trial(self) -> None:
        """Try one waiting job where no host is known that answered before."""
        if not self._needs_trial:
            return
        claim = Claimer(self._worker, 1).claim(self._pool.loads())
        if claim and claim.jobs:
            first, *others = claim.jobs
            release(self._worker, others)
            self._pool.offer([first], claim.slots)
            self._needs_trial = False

    def close(self) -> None:
        if self._probe is not None:
            self._probe.kill()

    def _look(self) -> None:
        """Start a probe when one is due, and take its result."""
        if self._probe is not None:
            answered = self._probe.result()
            if answered is None:
                return
            self._probe = None
            if answered or self._hosts:  # a site of an earlier shift may be gone
                self.breaker.note_probe(answered=answered)
        elif self.breaker.is_probe_due():
            if urls := self._hosts.pick() or _hosts_of_latest_scans():
                self._probe = Probe(urls)
            self._needs_trial = not self._hosts

    def _write(self) -> None:
        """Write the outage to the worker's row, where pages and the next shift find it."""
        since = self.breaker.open_since
        state = (since, len(self.breaker.suspects))
        if state == self._written:
            return
        suspects = [[str(pk), claim_no] for pk, claim_no in self.breaker.suspects]
        self._worker.beat(network_down_since=since, suspects=suspects)
        if since != self._written[0]:
            text = "seems to be down" if since else "is back"
            logger.warning("worker=%s: the network of this host %s", self._worker.pk, text)
            if self.breaker.is_confirmed and not since:
                self._pool.renew()  # what their resolvers cached may have come from the outage
        self._written = state

    def _continue_outage(self) -> None:
        """Take over the outage in which the last shift of this host ended."""
        rows = Worker.objects.filter(host=self._worker.host, network_down_since__isnull=False)
        earlier = rows.exclude(pk=self._worker.pk).exclude(status=Worker.Status.WORKING)
        last = earlier.order_by("-started_at").first()
        if last is not None and last.network_down_since is not None:
            suspects = [(UUID(pk), claim_no) for pk, claim_no in last.suspects]
            self.breaker.reopen(last.network_down_since, suspects)
            self._write()
            earlier.update(network_down_since=None, suspects=[])


class AnsweringHosts:
    """The robots.txt of sites that answered lately, of different networks if possible."""

    def __init__(self) -> None:
        self._latest: deque[str] = deque(maxlen=MOST_PROBED)
        self._of_network: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._latest)

    def add(self, report: dict[str, Any]) -> None:
        """Remember the site of a report if its robots.txt was answered."""
        robots = report["robots"]
        if not robots["status"]:
            return
        url, network = robots["url"], _network_of(report["server_address"])
        if url not in self._latest:
            self._latest.append(url)
        self._of_network.pop(network, None)
        self._of_network[network] = url
        if len(self._of_network) > REMEMBERED_NETWORKS:
            del self._of_network[next(iter(self._of_network))]

    def pick(self) -> list[str]:
        """Return up to five URLs, the latest of each network first."""
        urls = dict.fromkeys([*reversed(self._of_network.values()), *reversed(self._latest)])
        return list(urls)[:MOST_PROBED]


def _network_of(address: str) -> str:
    """Return the /24 or /48 that an address is in: one provider's failure is not the network's."""
    try:
        bits = 24 if ipaddress.ip_address(address).version == 4 else 48
        return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
    except ValueError:
        return address


def _hosts_of_latest_scans() -> list[str]:
    hosts = AnsweringHosts()
    for scan in reversed(Scan.objects.order_by("-pk").only("report")[:LATEST_SCANS]):
        hosts.add(scan.report)
    return hosts.pick()


class Probe:
    """A process that requests robots.txt from hosts, under the guard of all scans."""

    def __init__(self, urls: list[str]) -> None:
        self._until = monotonic() + PROBE_PATIENCE
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scans.engine.probe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
        )
        message = {"urls": urls, **asdict(fetch_settings())}
        message |= {"connect_timeout": settings.SCAN_CONNECT_TIMEOUT}
        message |= {"read_timeout": settings.SCAN_READ_TIMEOUT}
        assert self._process.stdin is not None  # noqa: S101 - opened above
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def result(self) -> bool | None:
        """Return whether any host answered, None while the process runs."""
        if self._process.poll() is None and monotonic() < self._until:
            return None
        self._process.kill()  # has no effect if it has exited
        output, _ = self._process.communicate()
        try:
            return bool(json.loads(output))
        except ValueError:
            return False

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()
