"""The values that claiming, scanning and writing exchange."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

from django.utils import timezone

from batches.models import Job
from batches.options import BatchOptions

# Seconds after its deadline at which an unfinished scan is abandoned.
GRACE = 2.0
# (job id, claim number)
ClaimKey = tuple[UUID, int]
BatchKey = UUID | None  # None: jobs without a batch


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job held by this worker: what to scan, and the claim that fences its result."""

    id: UUID
    claim_no: int
    attempts: int
    tenant_id: UUID
    batch_id: UUID | None
    domain_id: UUID
    host: str
    job_type: str
    options: BatchOptions

    @property
    def key(self) -> str:
        return str(self.id)

    @property
    def claim(self) -> ClaimKey:
        return self.id, self.claim_no

    @property
    def ids(self) -> str:
        """The prefix of log lines about the job."""
        return f"batch={self.batch_id} job={self.id} domain={self.domain_id} host={self.host}"

    @property
    def alone(self) -> bool:
        """Whether the job runs in a process of its own because its worker died before."""
        return self.attempts > 0

    @property
    def sitemaps_only(self) -> bool:
        return self.job_type == Job.Type.SITEMAP_IMPORT


@dataclass(slots=True)
class Scan:
    """A claimed job in a worker: waiting, running, or deferred."""

    job: ClaimedJob
    # Host -> its addresses, and when it was deferred, once a scanning process resolved them.
    answers: dict[str, list[str]] = field(default_factory=dict)
    sent_back: float = 0.0
    began: float = 0.0
    started_at: datetime = field(default_factory=timezone.now)
    stage: bytes = b'{"stage": "queued", "progress": 0}'

    @property
    def addresses(self) -> list[str]:
        return [address for addresses in self.answers.values() for address in addresses]

    @property
    def overdue(self) -> bool:
        return monotonic() - self.began > self.job.options.site_deadline + GRACE

    def begin(self) -> dict[str, Any]:
        """Start the deadline; return the message that starts the job in a scanning process."""
        self.began, self.started_at = monotonic(), timezone.now()
        limits = asdict(self.job.options.limits(sitemaps_only=self.job.sitemaps_only))
        message = {"type": "scan", "job": self.job.key, "domain": self.job.host, "asks": True}
        message |= {"limits": limits}
        if self.answers:
            message |= {"answers": self.answers, "waited": round(self.began - self.sent_back, 3)}
        return message


class Load(NamedTuple):
    """The jobs of a batch that a worker holds, and how many of them wait for a busy server."""

    held: int = 0
    blocked: int = 0


class Kind(StrEnum):
    """How the scan of a job ended, as reported by its process or shown by the process's death."""

    REPORT = "report"
    FAILURE = "failure"
    LOST = "lost"


@dataclass(frozen=True)
class Outcome:
    """The end of one scan; `payload` is the child's JSON.

    The times are the runner's; a report or failure contains those of the scan itself.
    """

    job: ClaimedJob
    kind: Kind
    payload: bytes
    started_at: datetime
    finished_at: datetime = field(default_factory=timezone.now)

    @cached_property
    def result(self) -> dict[str, Any]:
        """The parsed payload, with the times of the scan; parsed only when it is written."""
        times = {
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat(),
        }
        value: dict[str, Any] = times | json.loads(self.payload)
        return value


def failure(job: ClaimedJob, reason: str, error: str, started_at: datetime) -> Outcome:
    """Return the outcome of a job that did not end by its own scan."""
    payload = json.dumps({"reason": reason, "error": error, "requests": []}).encode()
    return Outcome(job, Kind.FAILURE, payload, started_at)
