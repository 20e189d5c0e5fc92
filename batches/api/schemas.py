"""The schemas of API requests and responses.

Times are ISO 8601 with a time zone, durations are in seconds, and progress is from 0 to 1.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from ninja import Schema
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from batches.options import ENGINE, BatchOptions, option, option_changes
from batches.skipping import MAX_DAYS, Skips
from scans.engine.errors import FailureReason
from scans.engine.lists.collection import ParsedList
from scrapersky.web.api_errors import RefusedValue
from scrapersky.web.api_input import RequestBody
from scrapersky.web.regional import grouped

SINGLE_SCAN_PAGES = 100
OptionChanges = option_changes()


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("Null characters are not allowed; remove them.")
    return text


def within_limit(domains: list[str]) -> list[str]:
    """Return the domains; raise ValueError if there are more than a batch may have."""
    most = settings.MAX_DOMAINS_PER_BATCH
    if len(domains) > most:
        raise ValueError(f"Give 1 to {grouped(most)} domains; these are {grouped(len(domains))}.")
    return domains


class BatchParams(Schema, BatchOptions):
    """The options of a batch; other fields are ignored."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, AfterValidator(_without_nul)] = Field(default="", max_length=200)
    batch_id: str | None = Field(
        default=None,
        description="Your own id for the batch: a UUID, or a prefix followed by a UUID.",
    )

    skip_scanned_within: int = Field(
        default=0,
        ge=0,
        le=MAX_DAYS,
        description="Skip domains that were scanned within so many days; 0 skips none.",
    )
    skip_known: bool = Field(
        default=False, description="Skip domains that are known, scanned or not."
    )

    def options(self) -> dict[str, Any]:
        return self.model_dump(include=set(BatchOptions.model_fields))

    def skips(self) -> Skips:
        return Skips.of(scanned_within=self.skip_scanned_within, known=self.skip_known)


class BatchIn(BatchParams):
    """A list of domains to scan, and the options of the batch; other fields are ignored."""

    source: str = Field(
        default="",
        max_length=10_000,
        description="Instead of `domains`, those that a saved list, a saved view of domains or "
        "filters hold now: `list:<id>`, `view:<id>` or `filter:<query string>`.",
    )
    domains: Annotated[list[str], AfterValidator(within_limit)] = Field(
        default_factory=list,
        validate_default=True,
        description="At least one, unless `source` is sent.",
    )

    @field_validator("domains")
    @classmethod
    def _check_presence(cls, domains: list[str], info: ValidationInfo) -> list[str]:
        if bool(domains) == bool(info.data.get("source")):
            raise ValueError("Send at least one domain, or `source` instead.")
        return domains


class RetryIn(RequestBody):
    """Which failures to retry, and with which options."""

    reasons: list[FailureReason] | None = Field(
        default=None,
        min_length=1,
        description="Failure reasons to retry; default: every failed job. "
        "Add `cancelled` to retry cancelled jobs, too.",
    )
    options: OptionChanges | None = None  # type: ignore[valid-type]

    def changed_options(self) -> dict[str, Any]:
        changes: BaseModel | None = self.options
        return changes.model_dump(exclude_none=True) if changes else {}


class BatchCreated(Schema):
    batch_id: UUID
    status_url: str
    job_count: int
    created_at: datetime
    invalid: list[RefusedValue] = Field(description="The first 1,000 that cannot be scanned.")
    invalid_count: int
    skipped: int = Field(
        default=0, description="Domains that `skip_scanned_within` or `skip_known` left out."
    )
    is_building: bool = Field(
        default=False,
        description="True while the list is still being read; poll the status for its progress.",
    )


def invalid_lines(read: ParsedList) -> list[RefusedValue]:
    """Return the lines of a list that were rejected, as the API shows them."""
    return [RefusedValue(**asdict(line)) for line in read.rejected]


class SitemapBatchCreated(Schema):
    batch_id: UUID
    status: str
    total_domains: int
    status_url: str
    invalid: list[RefusedValue] = Field(description="The first 1,000 that cannot be scanned.")
    invalid_count: int


class DomainStatus(Schema):
    status: str
    job_id: UUID
    start_time: datetime | None
    end_time: datetime | None
    processing_time: float | None
    error: str | None


class BatchStatus(Schema):
    """The progress of a batch; `completed` and `failed` are final."""

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
    list_read: float | None = Field(
        default=None,
        description="Progress of creating a large batch, 0 to 1; null once it is complete.",
    )


class ScanIn(Schema):
    """One site to scan."""

    base_url: str
    max_pages: int = Field(default=SINGLE_SCAN_PAGES, ge=1, le=option("max_pages").high)


class SitemapScanIn(ScanIn):
    """One site whose sitemaps to read."""

    max_pages: int = Field(default=ENGINE.max_pages, ge=1, le=option("max_pages").high)


class ScanCreated(Schema):
    job_id: UUID
    status_url: str
    created_at: datetime


class JobStatus(Schema):
    """The progress of one scan, and its result once it has ended."""

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
    options: dict[str, Any] = Field(
        description="Options that a retry set for this job; empty if the batch's options apply."
    )
    result: Any
    metadata: dict[str, Any]


class Health(Schema):
    status: str
    workers: int
