"""A scanning process: JSON lines in on stdin, framed reports out on stdout.

Run as `python -m scans.engine.child`. In: one `settings` line, then `scan` and `cancel` lines. Out:
frames of a header line `<kind> <job> <bytes>` and that many bytes of JSON; kinds are `ready`,
`resolved`, `stage`, `report` and `failure`. A scan with `asks` sends its addresses in a `resolved`
frame before it connects to them, and waits: `go` lets it go on, `back` ends it without a further
frame. Every other scan ends in exactly one report or failure. The process ends at once when its
input closes.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import logging
import os
import queue
import select
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from scans.engine.dns.lookup import shared_resolver
from scans.engine.errors import FailureReason, ScanError
from scans.engine.extractors.page import read_page
from scans.engine.fetcher import Fetcher
from scans.engine.hostnames import normalise
from scans.engine.limits import FetchSettings, Limits
from scans.engine.page_types import page_type
from scans.engine.resolver import Resolver
from scans.engine.scanner import scan_site
from scans.engine.session.budget import Budget
from scans.engine.session.sockets import tls_context
from scrapersky.web.logs import log_to_stderr

logger = logging.getLogger(__name__)

# Seconds the main loop may be kept from running (a regex that holds the GIL) before the process
# ends itself.
STUCK_AFTER = 20.0
# Seconds between two looks at the stages of the running jobs.
STAGE_EVERY = 0.5
READ_SIZE = 65_536
# Thresholds of the garbage collector: a page makes thousands of objects and leaves no cycles.
LAZY = (20_000, 20, 20)

_LIMIT_NAMES = frozenset(field.name for field in fields(Limits))
_SETTING_NAMES = frozenset(field.name for field in fields(FetchSettings))


class FrameWriter:
    """Write frames to what was stdout when the process began; strays go to stderr."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, kind: str, job: str, payload: dict[str, Any]) -> None:
        """Write one frame, however long the reader takes."""
        frame = _frame(kind, job, payload)
        with self._lock:
            self._write(frame)

    def send_if_free(self, kind: str, job: str, payload: dict[str, Any]) -> bool:
        """Write one short frame unless that would have to wait; return whether it was written.

        A pipe that can be written to at all takes 4 KB at once (pipe(7)).
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            free = bool(select.select([], [self._fd], [], 0)[1])
            if free:
                self._write(_frame(kind, job, payload))
            return free
        finally:
            self._lock.release()

    def _write(self, frame: bytes) -> None:
        """Write to the end; end the process when nobody reads any more."""
        left = memoryview(frame)
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BrokenPipeError:
                os._exit(0)


def _frame(kind: str, job: str, payload: dict[str, Any]) -> bytes:
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    body = text.encode("utf-8", "replace")
    return b"%s %s %d\n%s" % (kind.encode(), job.encode(), len(body), body)


class SentBackError(Exception):
    """The scan may not begin now: its server is busy with other sites."""


class KnownHosts:
    """Resolve the hosts whose addresses are known already, and leave the rest to another."""

    def __init__(self, answers: dict[str, list[str]], resolver: Resolver) -> None:
        self._answers = answers
        self._resolver = resolver

    def resolve(self, host: str, budget: Budget, timeout: float) -> tuple[str, ...]:
        """Return every address of a host; raise ScanError where there is none."""
        known = self._answers.get(host)
        return tuple(known) if known else self._resolver.resolve(host, budget, timeout)


class Job:
    """One scan to do."""

    def __init__(self, message: dict[str, Any], writer: FrameWriter) -> None:
        self.key = str(message["job"])
        self.domain = str(message["domain"])
        self.limits = _limits(message.get("limits") or {})
        self.cancelled = threading.Event()
        self._asks = bool(message.get("asks"))
        # What it learned before it was sent back, and the seconds that it waited since.
        self._answers: dict[str, list[str]] = message.get("answers") or {}
        self._waited = float(message.get("waited") or 0.0)
        self._reply: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._writer = writer
        self._lock = threading.Lock()
        self._stage: dict[str, Any] = {}
        self._reported_stage = self._stage  # nothing to tell before the first stage begins
        self._ended = False
        self._started_at = _now()

    def run(self, settings: FetchSettings) -> None:
        """Scan, and send the result; the one place where any exception ends a job."""
        self._started_at = _now()
        try:
            report = scan_site(
                self.domain,
                fetcher=self._fetcher(settings),
                on_stage=self._on_stage,
                on_resolved=self._ask if self._asks else None,
                should_stop=self.cancelled.is_set,
            )
            self._end("report", report.as_dict())
        except SentBackError:
            return
        except ScanError as error:
            self._fail(error)
        except Exception as error:
            logger.exception("scanning %s failed", self.domain)
            sentence = f"The scanner itself failed on this site ({type(error).__name__})."
            self._fail(ScanError(FailureReason.INTERNAL_ERROR, sentence))

    def reply(self, *, may_go: bool) -> None:
        """Answer the question that the scan asks before it connects."""
        self._reply.put(may_go)

    def _fetcher(self, settings: FetchSettings) -> Fetcher:
        resolver: Resolver = shared_resolver(settings.dns_servers)
        if self._answers:
            resolver = KnownHosts(self._answers, resolver)
        return Fetcher(settings, self.limits, resolver=resolver)

    def _ask(self, host: str, addresses: tuple[str, ...]) -> None:
        self._writer.send("resolved", self.key, {host: addresses})
        while True:
            try:
                may_go = self._reply.get(timeout=STAGE_EVERY)
            except queue.Empty:
                if self.cancelled.is_set():
                    raise ScanError(FailureReason.CANCELLED) from None
                continue
            if not may_go:
                raise SentBackError
            return

    def report_stage(self) -> None:
        """Send the stage that the scan is in, if it has changed since the last time.

        Never waits: the main loop may not stand still because the reader does.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            stage = self._stage
            if stage is not self._reported_stage and not self._ended:
                is_sent = self._writer.send_if_free("stage", self.key, stage)
                self._reported_stage = stage if is_sent else self._reported_stage
        finally:
            self._lock.release()

    def _on_stage(self, stage: str, progress: float) -> None:
        self._stage = {"stage": stage, "progress": progress}

    def _fail(self, error: ScanError) -> None:
        payload = {
            "reason": error.reason.value,
            "error": error.sentence,
            "private_address": error.private_address,
            "requests": [asdict(record) for record in error.requests],
            "started_at": self._started_at,
            "finished_at": _now(),
        }
        self._end("failure", payload)

    def _end(self, kind: str, payload: dict[str, Any]) -> None:
        if self._waited and payload["requests"]:
            payload["requests"][0]["waited"] = self._waited
        with self._lock:
            self._ended = True
            self._writer.send(kind, self.key, payload)


class ThreadPool:
    """Run jobs in daemon threads, started on demand up to a number, reused when idle."""

    def __init__(self, settings: FetchSettings, size: int, writer: FrameWriter) -> None:
        self._settings = settings
        self._size = size
        self._writer = writer
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._jobs: dict[str, Job] = {}
        self._started = 0
        self._lock = threading.Lock()

    def scan(self, message: dict[str, Any]) -> None:
        """Take on a job."""
        job = Job(message, self._writer)
        with self._lock:
            self._jobs[job.key] = job
            needed = min(self._size, len(self._jobs))
        self._waiting.put(job)
        while self._started < needed:
            self._started += 1
            threading.Thread(target=self._work, name="scan", daemon=True).start()

    def reply(self, key: str, *, may_go: bool) -> None:
        """Let a job go on, or end it where it may not."""
        with self._lock:
            job = self._jobs.get(key)
        if job is not None:
            job.reply(may_go=may_go)

    def cancel(self, key: str) -> None:
        """Ask a job to stop; one that has ended already is left alone."""
        with self._lock:
            job = self._jobs.get(key)
        if job is not None:
            job.cancelled.set()

    def report_stages(self) -> None:
        """Send the stages of the scans that have moved on."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.report_stage()

    def _work(self) -> None:
        while True:
            job = self._waiting.get()
            job.run(self._settings)
            with self._lock:
                if self._jobs.get(job.key) is job:  # not one that came back meanwhile
                    del self._jobs[job.key]


class Watchdog:
    """End the process when it has not been wound up for `STUCK_AFTER` seconds."""

    # Seconds between two windings that count: each starts a thread.
    EVERY = 1.0

    def __init__(self) -> None:
        self._next = 0.0

    def wind_up(self) -> None:
        if (now := time.monotonic()) >= self._next:
            self._next = now + self.EVERY
            faulthandler.dump_traceback_later(STUCK_AFTER, exit=True)

    def stop(self) -> None:
        """Let it rest until it is wound up again."""
        faulthandler.cancel_dump_traceback_later()
        self._next = 0.0


def main() -> None:
    """Read messages until the input closes, then end the process with whatever still runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the parent decides
    log_to_stderr()
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # it warns of every odd header
    writer = FrameWriter()
    watchdog = Watchdog()
    messages = _messages(watchdog)
    settings, threads = _settings(next((message for message in messages if message), {}))
    pool = ThreadPool(settings, threads, writer)
    watchdog.stop()  # on a busy machine warming up takes its time
    _warm_up(settings)
    writer.send("ready", "-", {"pid": os.getpid()})
    report_at = 0.0
    for message in messages:
        if message.get("type") == "scan":
            pool.scan(message)
        elif message.get("type") == "cancel":
            pool.cancel(str(message["job"]))
        elif message.get("type") in {"go", "back"}:
            pool.reply(str(message["job"]), may_go=message["type"] == "go")
        if (now := time.monotonic()) >= report_at:
            report_at = now + STAGE_EVERY
            pool.report_stages()
    os._exit(0)


def _settings(message: dict[str, Any]) -> tuple[FetchSettings, int]:
    known = {name: value for name, value in message.items() if name in _SETTING_NAMES}
    for name in ("allowed_networks", "mapped_networks", "host_map", "dns_servers"):
        items = known.get(name, ())
        known[name] = tuple(tuple(item) if isinstance(item, list) else item for item in items)
    return FetchSettings(**known), int(message.get("threads", 8))


def _warm_up(settings: FetchSettings) -> None:
    """Load what the first scan would load (suffixes, certificates, signatures) before it."""
    tls_context(settings.ca_file)
    url = f"https://{normalise('example.com')}/contact"
    page_type(url)
    read_page(b"<html><title>Warm</title><p>Call +1 212 555 0100</p></html>", url)
    gc.collect()
    gc.freeze()  # what is loaded now stays; the collector need not walk it again and again
    gc.set_threshold(*LAZY)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _limits(values: dict[str, Any]) -> Limits:
    return Limits(**{name: value for name, value in values.items() if name in _LIMIT_NAMES})


def _messages(watchdog: Watchdog) -> Iterator[dict[str, Any]]:
    """Yield the messages of stdin, and an empty one when there is none for a while.

    Every time round the watchdog is wound up: it ends the process when this loop stands still.
    """
    pending = b""
    while True:
        watchdog.wind_up()
        if not select.select([0], [], [], STAGE_EVERY)[0]:
            yield {}
            continue
        received = os.read(0, READ_SIZE)
        if not received:
            return
        *lines, pending = (pending + received).split(b"\n")
        yield from (json.loads(line) for line in lines if line.strip())


if __name__ == "__main__":
    main()
