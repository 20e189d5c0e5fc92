"""A job: one unit of work, and the only functions that change its status."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar
from uuid import UUID

from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.models.batch import Batch
from batches.models.keys import KeyedQuerySet
from batches.models.worker import Worker
from scans import storage
from scans.engine.errors import FailureReason
from scans.models import FAILURE_REASONS
from scans.reports import ResultField

MAX_ATTEMPTS = 3
RETRY_CHUNK = 5_000


def host_key(name: str) -> str:
    """Return the part of a domain that identifies its server: without port and leading `www.`."""
    bare = re.sub(r":\d+$", "", name) if ":" in name else name
    return bare.lower().removeprefix("www.")


def batched(items: Iterable, size: int) -> Iterator[list]:
    """Yield the items in lists of up to `size`."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


class JobQuerySet(KeyedQuerySet):
    def claimable(self) -> "JobQuerySet":
        """Return waiting jobs that no worker holds."""
        return self.filter(status=Job.Status.PENDING, worker__isnull=True)

    def held(self, worker: Worker, claims: dict[UUID, int]) -> set[UUID]:
        """Lock the unfinished jobs that a worker still holds by these claims; return their ids.

        Jobs that have since been cancelled, retried or claimed by another worker are left out.
        """
        rows = self.filter(pk__in=claims, worker=worker, status__in=Job.ACTIVE)
        locked = rows.select_for_update(no_key=True).order_by("pk")
        return {pk for pk, no in locked.values_list("pk", "claim_no") if claims[pk] == no}

    def release(self) -> int:
        """Release jobs without charging an attempt; return how many wait again."""
        waiting = self.filter(status__in=Job.ACTIVE).update(
            status=Job.Status.PENDING, worker=None, started_at=None, updated_at=Now()
        )
        forgotten = Case(When(domain__isnull=True, then=Value("")), default=F("host"))
        self.filter(status__in=Job.ENDED, worker__isnull=False).update(worker=None, host=forgotten)
        return waiting

    def forget_domain(self) -> None:
        """Remove the domain from ended jobs; delete those without a batch.

        A job that a worker still holds keeps its host, so that nobody else scans it until then.
        """
        self.filter(batch__isnull=True, worker__isnull=True).delete()
        nothing: dict[str, Any] = {"domain": None, "scan": None, "result": None, "error": ""}
        nothing |= {"private_address": None, "metadata": {}, "updated_at": Now()}
        host = Case(When(worker__isnull=True, then=Value("")), default=F("host"))
        self.update(host=host, **nothing)

    def forgotten_singles(self) -> "JobQuerySet":
        """Return single jobs whose domain was deleted while a worker held them."""
        return self.filter(
            domain__isnull=True, batch__isnull=True, worker__isnull=True, legacy_id__isnull=True
        )

    def fail_lost(self) -> list[tuple[UUID, UUID | None]]:
        """Charge an attempt to jobs whose worker or process died during the scan.

        They wait again, or fail with worker_lost the third time. Returns the tenant and batch of
        each failed job, for the counters; the caller has locked the rows.
        """
        lost = self.filter(status__in=Job.ACTIVE)
        last = lost.filter(attempts__gte=MAX_ATTEMPTS - 1)
        failed = list(last.values_list("tenant_id", "batch_id"))
        now = Now()
        last.update(
            status=Job.Status.FAILED,
            attempts=F("attempts") + 1,
            failure_reason=FailureReason.WORKER_LOST.value,
            error=FailureReason.WORKER_LOST.sentence,
            worker=None,
            finished_at=now,
            updated_at=now,
        )
        lost.update(
            status=Job.Status.PENDING,
            attempts=F("attempts") + 1,
            worker=None,
            started_at=None,
            updated_at=now,
        )
        return failed

    def cancel_claimable(self, count: int) -> Counter:
        """Cancel up to `count` jobs that no worker holds; return what `count_ended` takes."""
        rows = self.claimable().select_for_update(skip_locked=True, no_key=True).order_by("pk")
        return self._cancel(dict(rows[:count].values_list("pk", "batch_id")))

    def cancel(self) -> Counter:
        """Cancel waiting and running jobs; return what `count_ended` takes.

        A worker keeps its jobs until it has stopped their scans, so that no other scan of the host
        starts earlier.
        """
        rows = self.filter(status__in=Job.ACTIVE).select_for_update(no_key=True).order_by("pk")
        return self._cancel(dict(rows.values_list("pk", "batch_id")))

    @staticmethod
    def _cancel(batch_of: dict[UUID, UUID | None]) -> Counter:
        """Cancel locked jobs, given as job -> batch."""
        now = Now()
        Job.objects.filter(pk__in=batch_of, status__in=Job.ACTIVE).update(
            status=Job.Status.CANCELLED,
            failure_reason=FailureReason.CANCELLED.value,
            error=FailureReason.CANCELLED.sentence,
            finished_at=now,
            updated_at=now,
        )
        return Counter((batch, "cancelled") for batch in batch_of.values())

    def retryable(self, reasons: Sequence[str] = ()) -> "JobQuerySet":
        """Return failed and cancelled jobs, or only those with one of the failure reasons.

        Converted jobs without a domain have nothing to scan.
        """
        again = self.filter(status__in=Job.RETRYABLE, domain__isnull=False)
        return again.filter(failure_reason__in=reasons) if reasons else again

    def retry(self, options: dict | None, *, keep_options: bool = False) -> Counter:
        """Make retryable jobs wait again; return the number per former status.

        `options` replace the batch's for this attempt only; without them, those of an earlier retry
        are dropped unless `keep_options`.
        """
        rows = self.retryable().select_for_update(no_key=True).order_by("pk")
        statuses = dict(rows.values_list("pk", "status"))
        for ids in batched(statuses, RETRY_CHUNK):
            Job.objects.filter(pk__in=ids).retryable().update(
                status=Job.Status.PENDING,
                claim_no=F("claim_no") + 1,  # fences off a cancelled scan that is still stopping
                attempts=0,
                progress=0,
                failure_reason="",
                error="",
                private_address=None,
                result=None,
                options=F("options") if keep_options else options or {},
                started_at=None,
                finished_at=None,
                updated_at=Now(),
            )
        return Counter(statuses.values())

    @staticmethod
    def end(rows: Iterable[tuple]) -> None:
        """End jobs that the caller has locked with `held`.

        Each row has the values of `Job.END_COLUMNS`.
        """
        storage.update(Job, Job.END_COLUMNS, rows)

    @staticmethod
    def begin(worker: Worker, started: Mapping[tuple[UUID, int], datetime]) -> None:
        """Move claimed jobs to running; `started` maps (job id, claim number) to the start."""
        if not started:
            return
        times = {pk: moment for (pk, _), moment in started.items()}
        with transaction.atomic():
            pending = Job.objects.filter(status=Job.Status.PENDING)
            held = pending.held(worker, dict(started.keys()))
            rows = [(pk, Job.Status.RUNNING, times[pk], times[pk]) for pk in held]
            storage.update(Job, ("id", "status", "started_at", "updated_at"), rows)


class Job(models.Model):
    """One unit of work: a scan of one domain, in a batch or on its own."""

    class Type(models.TextChoices):
        WEBSITE_SCAN = "website_scan", "Website scan"
        SITEMAP_IMPORT = "sitemap_import", "Sitemap import"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        COMPLETE = "complete", "Complete"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE = (Status.PENDING, Status.RUNNING)
    ENDED = (Status.COMPLETE, Status.FAILED, Status.CANCELLED)
    RETRYABLE = (Status.FAILED, Status.CANCELLED)
    END_COLUMNS = (
        "id",
        "status",
        "progress",
        "stage",
        "failure_reason",
        "error",
        "private_address",
        "scan_id",
        "result",
        "worker_id",
        "started_at",
        "finished_at",
        "updated_at",
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, related_name="jobs", db_index=False
    )
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    batch = models.ForeignKey(
        Batch, models.CASCADE, null=True, blank=True, related_name="jobs", db_index=False
    )
    domain = models.ForeignKey(
        "scans.Domain", models.PROTECT, null=True, blank=True, related_name="jobs", db_index=False
    )
    # The domain's `host_key`, so that a host is never scanned twice at once; empty without a
    # domain.
    host = models.CharField(max_length=255, default="", blank=True, editable=False)
    job_type = models.CharField(max_length=32, choices=Type, default=Type.WEBSITE_SCAN)
    position = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING, editable=False)
    options = models.JSONField(default=dict, blank=True)
    progress = models.FloatField(default=0, editable=False)
    stage = models.CharField(max_length=32, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    claim_no = models.PositiveIntegerField(default=0, editable=False)
    worker = models.ForeignKey(
        Worker, models.SET_NULL, null=True, blank=True, related_name="jobs", db_index=False
    )
    failure_reason = models.CharField(
        max_length=32, choices=FAILURE_REASONS, blank=True, editable=False
    )
    error = models.TextField(blank=True, editable=False)
    # The address that may not be scanned; only superusers see what internal name servers answer.
    private_address = models.GenericIPAddressField(null=True, blank=True, editable=False)
    scan = models.ForeignKey(
        "scans.Scan", models.SET_NULL, null=True, blank=True, related_name="jobs", db_index=False
    )
    # The report of a test_mode job, or the requests of a failed one.
    result = ResultField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    metadata = models.JSONField(default=dict, blank=True)
    legacy_id = models.BigIntegerField(null=True, blank=True, editable=False)
    legacy_job_id = models.TextField(null=True, blank=True, editable=False)  # noqa: DJ001

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["batch", "position"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running", "complete", "failed", "cancelled"]),
                name="job_status",
            ),
            models.CheckConstraint(
                condition=Q(job_type__in=["website_scan", "sitemap_import"]), name="job_type"
            ),
            models.CheckConstraint(
                condition=Q(progress__gte=0, progress__lte=1), name="job_progress"
            ),
            models.CheckConstraint(
                condition=Q(failure_reason__in=["", *(reason for reason, _ in FAILURE_REASONS)]),
                name="job_failure_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(failure_reason=""),
                name="job_failed_names_its_cause",
            ),
            models.CheckConstraint(
                condition=Q(domain__isnull=False)
                | Q(status__in=["complete", "failed", "cancelled"])
                | Q(legacy_id__isnull=False),
                name="job_has_a_domain",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running"], finished_at__isnull=True)
                | Q(status__in=["complete", "failed", "cancelled"], finished_at__isnull=False),
                name="job_ended_has_an_end",
            ),
            models.UniqueConstraint(fields=["domain", "batch"], name="job_once_a_batch"),
            models.UniqueConstraint(
                fields=["domain"],
                condition=Q(batch__isnull=True, status__in=["pending", "running"]),
                name="job_one_active_outside_batches",
            ),
        ]
        # Partial, because every index that excludes new jobs speeds up creating a batch of 100,000.
        indexes: ClassVar = [
            models.Index(fields=["batch", "position"], name="job_in_order"),
            models.Index(fields=["tenant", "id"], name="job_newest"),
            models.Index(
                fields=["batch", "position"],
                condition=Q(status="pending", worker__isnull=True),
                name="job_claimable",
            ),
            models.Index(
                fields=["batch", "position"], condition=Q(status="running"), name="job_running"
            ),
            models.Index(
                fields=["batch", "failure_reason"], condition=Q(status="failed"), name="job_failed"
            ),
            # Ended jobs have no worker, so this index holds only the few that are claimed now.
            models.Index(fields=["host"], condition=Q(worker__isnull=False), name="job_held"),
            models.Index(fields=["scan"], condition=Q(scan__isnull=False), name="job_scan"),
            models.Index(
                fields=["tenant", "-created_at"],
                condition=Q(batch__isnull=True),
                name="job_outside_batches",
            ),
            models.Index(
                fields=["-created_at"],
                condition=Q(batch__isnull=True),
                name="job_newest_outside_batches",
            ),
            models.Index(
                fields=["legacy_id"], condition=Q(legacy_id__isnull=False), name="job_legacy_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_job_type_display()} of {self.domain or 'a deleted domain'}"

    @property
    def is_ended(self) -> bool:
        return self.status in self.ENDED

    @property
    def controls(self) -> list[str]:
        """The actions that the status of the job and its batch allow."""
        if self.batch is not None and self.batch.status == Batch.Status.CANCELLING:
            return []
        if not self.is_ended:
            return ["cancel"]
        return ["retry"] if self.status in self.RETRYABLE and self.domain_id else []

    @property
    def seconds(self) -> float | None:
        """How long the scan has run, in seconds; None before it started."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()
