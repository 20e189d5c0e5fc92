"""A batch: a list of domains to work through."""

from typing import ClassVar, TypeAlias
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.legacy.ids import embedded_uuid
from batches.models.batch_queryset import ACTIVE, CANCELLABLE, PAUSABLE, BatchQuerySet, BatchStatus
from batches.options import MIN_ENDED, BatchOptions
from scrapersky.web.regional import grouped

# Key in a batch's metadata: the original values of options that a retry changed for the batch.
CREATED_WITH = "created_with"


class Batch(models.Model):
    """A list of domains to work through; `id` is the batch id."""

    Status: TypeAlias = BatchStatus

    class ProcessorType(models.TextChoices):
        DOMAIN_SCAN = "domain_scan", "Domain scan"
        SITEMAP_IMPORT = "sitemap_import", "Sitemap import"

    # The column for an id given by a client, if the batch's own id differs.
    CLIENT_ID = "legacy_batch_id"
    ACTIVE = ACTIVE
    ENDED = (Status.CANCELLED, Status.COMPLETE, Status.PARTIAL, Status.FAILED)
    PAUSABLE = PAUSABLE
    CANCELLABLE = CANCELLABLE

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, related_name="batches", db_index=False
    )
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=200, blank=True)
    processor_type = models.CharField(
        max_length=32, choices=ProcessorType, default=ProcessorType.DOMAIN_SCAN
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING, editable=False)
    # Whether its list is still being read: it is pending, gets more jobs, and cannot end.
    is_building = models.BooleanField(default=False, db_default=False, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    completed = models.PositiveIntegerField(default=0, editable=False)
    failed = models.PositiveIntegerField(default=0, editable=False)
    cancelled = models.PositiveIntegerField(default=0, editable=False)
    options = models.JSONField(default=dict, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    # The column names of its list, whose rows are `BatchRow`s; NULL if it has none.
    list_columns = models.JSONField(null=True, blank=True, editable=False)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Seconds it ran before `active_since`, across pauses and retries; NULL if not measured.
    active_seconds = models.FloatField(null=True, blank=True, editable=False)
    # When it last started running; NULL while it is not running.
    active_since = models.DateTimeField(null=True, blank=True, editable=False)
    # Its counters when it was last resumed or retried: `stop_at_failures` counts from there.
    accepted_completed = models.IntegerField(default=0, db_default=0, editable=False)
    accepted_failed = models.IntegerField(default=0, db_default=0, editable=False)
    legacy_batch_id = models.TextField(null=True, blank=True, editable=False)  # noqa: DJ001
    legacy_id = models.BigIntegerField(null=True, blank=True, editable=False)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "batches"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending",
                        "running",
                        "paused",
                        "cancelling",
                        "cancelled",
                        "complete",
                        "partial",
                        "failed",
                    ]
                ),
                name="batch_status",
            ),
            models.CheckConstraint(
                condition=Q(processor_type__in=["domain_scan", "sitemap_import"]),
                name="batch_processor_type",
            ),
            models.CheckConstraint(
                condition=Q(completed__gte=0, failed__gte=0, cancelled__gte=0)
                & Q(total__gte=F("completed") + F("failed") + F("cancelled")),
                name="batch_counters",
            ),
            models.CheckConstraint(
                condition=Q(total__gt=0)
                | Q(legacy_id__isnull=False)
                | Q(legacy_batch_id__isnull=False)
                | Q(is_building=True)
                | Q(status__in=["cancelling", "cancelled", "failed"]),
                name="batch_not_empty",
            ),
            models.CheckConstraint(
                condition=Q(is_building=False) | Q(status="pending"),
                name="batch_waits_while_it_is_built",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["complete", "partial", "failed"])
                | Q(total=F("completed") + F("failed") + F("cancelled")),
                name="batch_ends_when_its_jobs_have",
            ),
            models.CheckConstraint(
                condition=~Q(status="complete") | Q(failed=0, cancelled=0),
                name="batch_complete_without_failure",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | Q(completed=0), name="batch_failed_without_success"
            ),
        ]
        indexes: ClassVar = [
            # For each list in its order: within one tenant, and across tenants.
            models.Index(fields=["tenant", "created_at", "id"], name="batch_newest"),
            models.Index(fields=["-created_at", "-id"], name="batch_newest_of_all"),
            models.Index(fields=["tenant", "status", "created_at", "id"], name="batch_by_status"),
            models.Index(
                fields=["tenant", "created_at", "id"],
                condition=Q(processor_type="sitemap_import"),
                name="batch_of_sitemaps",
            ),
            models.Index(
                fields=["tenant", "-finished_at"],
                condition=Q(finished_at__isnull=False),
                name="batch_last_ended",
            ),
            models.Index(
                fields=["-finished_at"],
                condition=Q(finished_at__isnull=False),
                name="batch_last_ended_of_all",
            ),
            models.Index(
                fields=["status", "created_at"],
                condition=Q(status__in=["pending", "running", "paused", "cancelling"]),
                name="batch_unfinished",
            ),
            models.Index(fields=["legacy_batch_id"], name="batch_legacy_batch_id"),
            models.Index(fields=["legacy_id"], name="batch_legacy_id"),
        ]

    def __str__(self) -> str:
        return self.name or f"Batch of {timezone.localtime(self.created_at):%Y-%m-%d %H:%M}"

    @property
    def is_converted(self) -> bool:
        """Whether the batch was converted from the older system."""
        if self.legacy_id is None and self.legacy_batch_id is None:
            return False
        return self.legacy_id is not None or not self._has_client_id

    @property
    def _has_client_id(self) -> bool:
        return (
            "legacy" not in self.metadata and embedded_uuid(self.legacy_batch_id or "") is not None
        )

    @property
    def public_id(self) -> UUID:
        """The id by which clients know the batch: the one they gave it, if any."""
        if self.legacy_batch_id is None or self.is_converted:
            return self.pk
        return embedded_uuid(self.legacy_batch_id) or self.pk

    @property
    def ended(self) -> int:
        return self.completed + self.failed + self.cancelled

    @property
    def waiting(self) -> int:
        """The number of jobs that have not ended."""
        return max(self.total - self.ended, 0)

    def count_of(self, status: str) -> int | None:
        """Return the number of jobs with a status (empty: all) if the counters know it, else None.

        They do not distinguish waiting from running jobs, and those of a converted batch may
        include jobs that were not converted.
        """
        if self.is_converted:
            return None
        counts = {"": self.total, "complete": self.completed, "failed": self.failed}
        return {**counts, "cancelled": self.cancelled}.get(status)

    @property
    def progress(self) -> float:
        """The share of jobs that have ended, 0 to 1."""
        return self.ended / self.total if self.total else 0.0

    @property
    def is_ended(self) -> bool:
        return self.status in self.ENDED

    @property
    def is_retryable(self) -> bool:
        """Whether it has failed or cancelled jobs that may run again now."""
        is_busy = self.is_building or self.status == self.Status.CANCELLING
        return not is_busy and self.failed + self.cancelled > 0

    @property
    def controls(self) -> list[str]:
        """The actions that the batch's status allows."""
        fits = {
            "pause": self.status in self.PAUSABLE and not self.is_building,
            "resume": self.status == self.Status.PAUSED,
            "cancel": self.status in self.CANCELLABLE,
            "retry": self.is_retryable,
            "rerun": self.is_ended and self.total > 0,
        }
        return [name for name, does_fit in fits.items() if does_fit]

    @property
    def scan_options(self) -> BatchOptions:
        return BatchOptions.stored(self.options)

    @property
    def original_options(self) -> BatchOptions:
        """The options it was created with, before a retry changed those of the whole batch."""
        return BatchOptions.stored(self.options | self.metadata.get(CREATED_WITH, {}))

    @property
    def seconds(self) -> float | None:
        """How long the batch has run, in seconds without pauses; None before it started."""
        if self.started_at is None:
            return None
        since = self.active_since
        if self.active_seconds is None and since is None:  # from before pauses were measured
            return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()
        running = (timezone.now() - since).total_seconds() if since else 0.0
        return max((self.active_seconds or 0.0) + running, 0.0)

    def reason_to_stop(self) -> str:
        """Return why `stop_at_failures` pauses the batch; empty if it does not."""
        limit = self.scan_options.stop_at_failures
        failed = self.failed - self.accepted_failed
        ended = failed + self.completed - self.accepted_completed
        if not limit or ended < MIN_ENDED or failed < limit * ended:
            return ""
        return (
            f"Paused because {grouped(failed)} of {grouped(ended)} sites failed; the limit is"
            f" {limit * 100:g} % (“Pause at failures”). Resume the batch to continue anyway."
        )

    @property
    def is_paused_by_failures(self) -> bool:
        return self.status == self.Status.PAUSED and bool(self.error)

    def grow(self, added: int) -> None:
        """Add jobs to the total; raise `ValidationError` if the batch accepts no more."""
        open_states = [Batch.Status.PENDING, Batch.Status.RUNNING, Batch.Status.PAUSED]
        row = Batch.objects.filter(pk=self.pk, status__in=open_states)
        if not row.update(total=F("total") + added, updated_at=Now()):
            raise ValidationError(f"The batch is {self.status}: it takes no more domains.")
