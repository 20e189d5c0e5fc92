"""What the API takes and gives.

Times are ISO 8601 with zone, durations seconds, progress is a share from 0 to 1.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from batches.options import BOUNDS, BatchOptions
from batches.services import MAX_DOMAINS
from scans.engine.errors import FailureReason
from scrapersky.web.api_errors import RefusedValue

DEFAULTS = BatchOptions().as_dict()
SINGLE_SCAN_PAGES = 100
OPTION_NAMES = frozenset(DEFAULTS)


def _option(name: str, default: Any = None) -> Any:
    low, high = BOUNDS.get(name, (None, None))
    return Field(default=DEFAULTS[name] if default is None else default, ge=low, le=high)


def _change(name: str) -> Any:
    low, high = BOUNDS[name]
    return Field(default=None, ge=low, le=high)


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("Null characters are not allowed.")
    return text


class BatchIn(Schema):
    """A list of domains to scan, and how; fields that are not named here are passed over."""

    domains: list[str] = Field(min_length=1, max_length=MAX_DOMAINS)
    name: Annotated[str, AfterValidator(_without_nul)] = Field(default="", max_length=200)
    batch_id: UUID | None = Field(default=None, description="An id of the caller's own making.")
    max_pages: int = _option("max_pages")
    max_concurrent: int = _option("max_concurrent")
    fetch_pages: int = _option("fetch_pages")
    site_deadline: float = _option("site_deadline")
    obey_robots: bool = _option("obey_robots")
    request_delay: float = _option("request_delay")
    sitemaps: bool = _option("sitemaps")
    follow: bool = _option("follow")
    test_mode: bool = _option("test_mode")

    def options(self) -> dict[str, Any]:
        return self.model_dump(include=set(OPTION_NAMES))


class OptionChanges(Schema):
    """Options of a batch that are to be others from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    max_pages: int | None = _change("max_pages")
    max_concurrent: int | None = _change("max_concurrent")
    fetch_pages: int | None = _change("fetch_pages")
    site_deadline: float | None = _change("site_deadline")
    obey_robots: bool | None = None
    request_delay: float | None = _change("request_delay")
    sitemaps: bool | None = None
    follow: bool | None = None
    test_mode: bool | None = None


class RetryIn(Schema):
    """Which failures are scanned again, and how. A field that is not named here is refused."""

    model_config = ConfigDict(extra="forbid")

    reasons: list[FailureReason] | None = Field(
        default=None, min_length=1, description="Left out: all that failed or was cancelled."
    )
    options: OptionChanges = OptionChanges()

    def changed_options(self) -> dict[str, Any]:
        return self.options.model_dump(exclude_none=True)


class BatchCreated(Schema):
    batch_id: UUID
    status_url: str
    job_count: int
    created_at: datetime
    invalid: list[RefusedValue]


class DomainStatus(Schema):
    status: str
    job_id: UUID
    start_time: datetime | None
    end_time: datetime | None
    processing_time: float | None
    error: str | None


class BatchStatus(Schema):
    """How far a batch got; `completed` and `failed` are final."""

    batch_id: UUID
    status: str
    total_domains: int
    completed_domains: int
    failed_domains: int
    progress: float
    created_at: datetime
    updated_at: datetime
    start_time: datetime | None
    end_time: datetime | None
    processing_time: float | None
    domain_statuses: dict[str, DomainStatus]
    error: str | None
    metadata: dict[str, Any]


class ScanIn(Schema):
    """One site to scan."""

    base_url: str
    max_pages: int = _option("max_pages", SINGLE_SCAN_PAGES)


class ScanCreated(Schema):
    job_id: UUID
    status_url: str
    created_at: datetime


class JobStatus(Schema):
    """How far one scan got, and once it has ended what came of it."""

    job_id: UUID
    batch_id: UUID | None
    domain: str | None
    status: str
    progress: float
    stage: str
    attempts: int
    created_at: datetime
    updated_at: datetime
    start_time: datetime | None
    end_time: datetime | None
    processing_time: float | None
    failure_reason: str | None
    error: str | None
    result: Any
    metadata: dict[str, Any]


class Health(Schema):
    status: str
    workers: int
