"""The values that pass between claiming, scanning and writing."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from batches.models import Job
from batches.options import BatchOptions

# (job, number of its claim)
ClaimKey = tuple[UUID, int]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker holds: what to scan, and the claim that fences its result."""

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
        """What a log line about the job begins with."""
        return f"batch={self.batch_id} job={self.id} domain={self.domain_id} host={self.host}"

    @property
    def alone(self) -> bool:
        """Whether the job was there when a worker died, and so gets a process of its own."""
        return self.attempts > 0

    @property
    def sitemaps_only(self) -> bool:
        return self.job_type == Job.Type.SITEMAP_IMPORT

    def scan_message(self, answers: Mapping[str, list[str]], waited: float) -> dict[str, Any]:
        """Return the message that tells a scanning process to do the job.

        `answers` are DNS answers that it got before it `waited` (seconds) for a busy server.
        """
        limits = asdict(self.options.limits(sitemaps_only=self.sitemaps_only))
        message = {"type": "scan", "job": self.key, "domain": self.host, "asks": True}
        message |= {"limits": limits}
        return message | ({"answers": dict(answers), "waited": waited} if answers else {})


class Kind(StrEnum):
    """How the scan of a job ended, as the scanning process reported it or as its death did."""

    REPORT = "report"
    FAILURE = "failure"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one scan; `payload` is the JSON the child sent, read only when it is written.

    The times are those that the runner saw; a report or failure brings the scan's own.
    """

    job: ClaimedJob
    kind: Kind
    payload: bytes
    started_at: datetime
    finished_at: datetime = field(default_factory=utc_now)

    def read(self) -> dict[str, Any]:
        """Return the payload, with the times of the scan."""
        times = {
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat(),
        }
        value: dict[str, Any] = times | json.loads(self.payload)
        return value


def failure(job: ClaimedJob, reason: str, error: str, started_at: datetime) -> Outcome:
    """Return the outcome of a job that ended otherwise than by its own scan."""
    payload = json.dumps({"reason": reason, "error": error, "requests": []}).encode()
    return Outcome(job, Kind.FAILURE, payload, started_at)
