"""Kill parts of an installation at random while auditing its counters."""

import os
import random
import signal
from collections import Counter
from contextlib import suppress
from time import monotonic

from batches.models import Batch
from batches.runner import recovery
from tests.concurrency.audit import problems
from tests.concurrency.installation import Host, Installation
from tests.processes import eventually

KINDS = ("scanning process", "shift", "idle worker", "whole host")


class Striker:
    """Kills something periodically, and records the kills and the results of audits."""

    def __init__(self, installation: Installation, kinds: tuple[str, ...], seed: int) -> None:
        self.installation = installation
        self.kinds = kinds
        self.random = random.Random(seed)
        self.hits: Counter[str] = Counter()
        self.audits = 0
        self.problems: list[str] = []

    def strike(self, kind: str = "") -> str:
        """Kill one target of a kind, by default a random one; return its name, empty if none."""
        kind = kind or self.random.choice(self.kinds)
        for host in self.random.sample(self.installation.hosts, len(self.installation.hosts)):
            if self._hit(host, kind):
                self.hits[kind] += 1
                self.look()
                return kind
        return ""

    def look(self) -> None:
        """Audit the counters."""
        self.audits += 1
        self.problems += problems()

    def _hit(self, host: Host, kind: str) -> bool:
        if kind == "whole host":
            host.kill()
            return True
        alive = set(_targets(host, kind)) & host.processes().keys()
        if not alive:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.random.choice(sorted(alive)), signal.SIGKILL)
        return True


def _targets(host: Host, kind: str) -> list[int]:
    shift = host.shift()
    if kind == "scanning process":
        return host.children()
    if kind == "shift":
        return [shift] if shift else []
    return [pid for pid in host.workers() if pid != shift]


def see_through(striker: Striker, batch: Batch, *, strikes: int, within: float) -> float:
    """Strike until a batch has ended, spread over its jobs; return the seconds.

    Dead hosts are restarted, and every poll of the batch is also an audit.
    """
    started = monotonic()
    left = list(range(strikes))

    def ended() -> bool:
        striker.installation.tend()
        striker.look()
        batch.refresh_from_db()
        due = batch.total * (strikes - len(left) + 1) / (strikes + 1)
        if left and batch.ended >= due and striker.strike():
            left.pop()
        return batch.is_ended

    eventually(ended, within=within)
    recovery.recover()
    striker.look()
    return monotonic() - started
