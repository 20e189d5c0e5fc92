"""The scans of a scanning process, each in its own thread."""

import logging
import queue
import threading
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from scans.engine.child.frames import FrameWriter
from scans.engine.dns.lookup import shared_resolver
from scans.engine.errors import FailureReason, ScanError
from scans.engine.fetcher import Fetcher
from scans.engine.limits import FetchSettings, Limits
from scans.engine.resolver import Resolver
from scans.engine.scanner import scan_site
from scans.engine.session.budget import Budget, Stop

logger = logging.getLogger(__name__)

_LIMIT_NAMES = frozenset(field.name for field in fields(Limits))


class SentBackError(Exception):
    """The scan may not start yet because its server is busy with other sites."""


class KnownHosts:
    """Resolve hosts from known addresses, and pass others to another resolver."""

    def __init__(self, answers: dict[str, list[str]], resolver: Resolver) -> None:
        self._answers = answers
        self._resolver = resolver

    def resolve(self, host: str, budget: Budget, timeout: float) -> tuple[str, ...]:
        """Return every address of a host; raise ScanError if it has none."""
        known = self._answers.get(host)
        return tuple(known) if known else self._resolver.resolve(host, budget, timeout)


class Job:
    """One scan to do."""

    def __init__(self, message: dict[str, Any], writer: FrameWriter) -> None:
        self.key = str(message["job"])
        self.domain = str(message["domain"])
        self.limits = _limits(message.get("limits") or {})
        self._stop = Stop()
        self._asks = bool(message.get("asks"))
        # The addresses it resolved before it was sent back, and how many seconds it has waited
        # since.
        self._answers: dict[str, list[str]] = message.get("answers") or {}
        self._waited = float(message.get("waited") or 0.0)
        self._reply: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._writer = writer
        self._lock = threading.Lock()
        self._stage: dict[str, Any] = {}
        self._reported_stage = self._stage  # nothing to report before the first stage begins
        self._ended = False
        self._started_at = _now()

    def run(self, settings: FetchSettings) -> None:
        """Scan and send the result; the one place where any exception ends a job."""
        self._started_at = _now()
        try:
            report = scan_site(
                self.domain,
                fetcher=self._fetcher(settings),
                on_stage=self._on_stage,
                on_resolved=self._ask if self._asks else None,
            )
            self._end("report", report.as_dict())
        except SentBackError:
            return
        except ScanError as error:
            self._fail(error)
        except Exception as error:
            logger.exception("scanning %s failed", self.domain)
            sentence = (
                f"The scanner failed on this site ({type(error).__name__}): please report it."
            )
            self._fail(ScanError(FailureReason.INTERNAL_ERROR, sentence))

    def reply(self, *, may_go: bool) -> None:
        """Answer whether the scan may connect."""
        self._reply.put(may_go)

    def cancel(self) -> None:
        """End the scan, whatever it waits for."""
        self._stop.set()
        self.reply(may_go=False)

    def _fetcher(self, settings: FetchSettings) -> Fetcher:
        resolver: Resolver = shared_resolver(settings.dns_servers)
        if self._answers:
            resolver = KnownHosts(self._answers, resolver)
        return Fetcher(settings, self.limits, resolver=resolver, stop=self._stop)

    def _ask(self, host: str, addresses: tuple[str, ...]) -> None:
        self._writer.send("resolved", self.key, {host: addresses})
        may_go = self._reply.get()
        if self._stop.is_set():
            raise ScanError(FailureReason.CANCELLED)
        if not may_go:
            raise SentBackError

    def report_stage(self) -> None:
        """Send the scan's stage if it has changed.

        Never blocks: a slow reader must not stall the main loop.
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
    """Run jobs in daemon threads, started on demand up to a limit and reused when idle."""

    def __init__(self, settings: FetchSettings, size: int, writer: FrameWriter) -> None:
        self._settings = settings
        self._size = size
        self._writer = writer
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._jobs: dict[str, Job] = {}
        self._started = 0
        self._lock = threading.Lock()

    def scan(self, message: dict[str, Any]) -> None:
        """Start or queue a job."""
        job = Job(message, self._writer)
        with self._lock:
            self._jobs[job.key] = job
            needed = min(self._size, len(self._jobs))
        self._waiting.put(job)
        while self._started < needed:
            self._started += 1
            threading.Thread(target=self._work, name="scan", daemon=True).start()

    def reply(self, key: str, *, may_go: bool) -> None:
        """Let a job continue, or end it if it must not."""
        with self._lock:
            job = self._jobs.get(key)
        if job is not None:
            job.reply(may_go=may_go)

    def cancel(self, key: str) -> None:
        """Ask a job to stop; ignored if it has ended."""
        with self._lock:
            job = self._jobs.get(key)
        if job is not None:
            job.cancel()

    def report_stages(self) -> None:
        """Send the stages of all scans whose stage has changed."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.report_stage()

    def _work(self) -> None:
        while True:
            job = self._waiting.get()
            job.run(self._settings)
            with self._lock:
                if self._jobs.get(job.key) is job:  # keep a job that was sent again in the meantime
                    del self._jobs[job.key]


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _limits(values: dict[str, Any]) -> Limits:
    return Limits(**{name: value for name, value in values.items() if name in _LIMIT_NAMES})
