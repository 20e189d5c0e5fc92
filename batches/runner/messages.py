"""The values that pass between claiming, scanning and writing."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from batches.models import Job
from batches.options import BatchOptions


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this shift holds: what to scan, and the claim that fences its result."""

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

    @property
    def order(self) -> bytes:
        """The line that tells a scanning child to do the job."""
        limits = asdict(self.options.limits(sitemaps_only=self.sitemaps_only))
        order = {"type": "scan", "job": self.key, "domain": self.host, "limits": limits}
        return json.dumps(order).encode() + b"\n"


class Kind(StrEnum):
    """How the scan of a job ended, as the scanning process told it or as its death did."""

    REPORT = "report"
    FAILURE = "failure"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one scan; `payload` is the JSON the child sent, read only when it is written."""

    job: ClaimedJob
    kind: Kind
    payload: bytes
    started_at: datetime

    def read(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.payload)
        return value


def failure(job: ClaimedJob, reason: str, error: str, started_at: datetime) -> Outcome:
    """Return the outcome of a job that ended otherwise than by its own scan."""
    payload = json.dumps({"reason": reason, "error": error, "requests": []}).encode()
    return Outcome(job, Kind.FAILURE, payload, started_at)
