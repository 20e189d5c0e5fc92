"""Control one scanning process: messages in, frames out."""

import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

from django.conf import settings

from batches.scanning.messages import Scan
from scans.fetch_settings import fetch_settings

logger = logging.getLogger(__name__)

READ_SIZE = 1 << 20


class Frame(NamedTuple):
    kind: str
    key: str
    payload: bytes


class Child:
    """A process that scans up to `threads` sites at once, without access to the database."""

    def __init__(self, threads: int, *, alone: bool = False) -> None:
        self.threads = threads
        self.alone = alone
        self.running: dict[str, Scan] = {}
        # Abandoned jobs that still occupy a thread.
        self.stuck: set[str] = set()
        # Number of jobs sent to it.
        self.served = 0
        # Whether the process has loaded its code and accepts jobs.
        self.ready = False
        # Whether it gets no more jobs and exits after its last one.
        self.retiring = False
        self._buffer = bytearray()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scans.engine.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
        )
        self.send({"type": "settings", "threads": threads, **asdict(fetch_settings())})

    @property
    def fd(self) -> int:
        assert self._process.stdout is not None  # noqa: S101 - opened above
        return self._process.stdout.fileno()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def free(self) -> int:
        """The number of further jobs that the child accepts."""
        if self.retiring or not self.ready:
            return 0
        return self.threads - len(self.running) - len(self.stuck)

    def has(self, key: str) -> bool:
        return key in self.running or key in self.stuck

    def start(self, scan: Scan) -> None:
        self.served += 1
        self.running[scan.job.key] = scan
        self.send(scan.begin())

    def cancel(self, key: str) -> None:
        self.send({"type": "cancel", "job": key})

    def give_up(self, key: str) -> None:
        """Stop waiting for a job; its thread may hang forever."""
        self.stuck.add(key)
        self.cancel(key)
        if len(self.stuck) * 4 >= self.threads:
            self.retiring = True

    def read(self) -> list[Frame] | None:
        """Return the frames received; None if the process ended or sent invalid data."""
        part = os.read(self.fd, READ_SIZE)
        if not part:
            return None
        self._buffer += part
        try:
            return list(self._frames())
        except ValueError:
            logger.error("scanning process %d sent no valid frame: %r", self.pid, self._buffer[:80])
            return None

    def _frames(self) -> Iterator[Frame]:
        while (end := self._buffer.find(b"\n")) >= 0:
            kind, key, size = self._buffer[:end].decode("ascii", "replace").split(" ")
            after = end + 1 + int(size)
            if len(self._buffer) < after:
                return
            payload = bytes(self._buffer[end + 1 : after])
            del self._buffer[:after]
            yield Frame(kind, key, payload)

    def kill(self) -> None:
        """Kill the process and wait until it has exited."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; `read` notices if the process has died."""
        assert self._process.stdin is not None  # noqa: S101 - opened above
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
