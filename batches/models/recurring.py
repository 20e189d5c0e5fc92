"""Recurring batches: a list of domains, its schedule, and its runs."""

from datetime import datetime, time
from typing import ClassVar

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.models.batch import Batch
from batches.options import BatchOptions
from batches.timing import WEEKDAYS, Timing


class RecurringBatchQuerySet(models.QuerySet):
    def due(self, now: datetime) -> "RecurringBatchQuerySet":
        return self.filter(enabled=True, next_run_at__lte=now).order_by("next_run_at", "pk")

    def with_last_run(self) -> "RecurringBatchQuerySet":
        """Annotate each row with its newest run: `last_at`, `last_outcome`, `last_batch`."""
        runs = RecurringRun.objects.filter(recurring=OuterRef("pk"))
        newest = runs.order_by("-planned_at", "-pk")
        return self.annotate(
            last_at=Subquery(newest.values("planned_at")[:1]),
            last_outcome=Subquery(newest.values("outcome")[:1]),
            # A plain foreign key would return SQLite's text representation.
            last_batch=Subquery(newest.values("batch")[:1], output_field=models.UUIDField()),
        )


class RecurringBatch(models.Model):
    """A list of domains that becomes a batch at recurring times, in its own time zone."""

    class Frequency(models.TextChoices):
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every week"
        MONTHLY = "monthly", "Every month"
        CRON = "cron", "At the times of a cron expression"

    class WhileRunning(models.TextChoices):
        """What happens to a run that is due while the previous one is still active."""

        SKIP = "skip", "Skip the run"
        QUEUE = "queue", "Start it when the previous one has ended"

    class SourceKind(models.TextChoices):
        """The source of a run's domains."""

        DOMAINS = "domains", "Its own list"
        LIST = "list", "A saved list"
        VIEW = "view", "A saved view"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, related_name="recurring_batches", db_index=False
    )
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=200)
    # The list as pasted, which every run parses again. Empty for a saved list or view, whose
    # domains are read at each run; the run fails if the list or view was deleted.
    domains = models.TextField(blank=True)
    source_kind = models.CharField(
        max_length=16, choices=SourceKind, default=SourceKind.DOMAINS, db_default="domains"
    )
    domain_list = models.ForeignKey(
        "scans.DomainList", models.SET_NULL, null=True, blank=True, related_name="schedules"
    )
    saved_view = models.ForeignKey(
        "tenants.SavedView", models.SET_NULL, null=True, blank=True, related_name="schedules"
    )
    # As of the last save or run.
    domain_count = models.PositiveIntegerField()
    options = models.JSONField(default=dict, blank=True)
    frequency = models.CharField(max_length=16, choices=Frequency)
    weekday = models.PositiveSmallIntegerField(null=True, blank=True, choices=enumerate(WEEKDAYS))
    month_day = models.PositiveSmallIntegerField(null=True, blank=True)
    time_of_day = models.TimeField(default=time(6))
    cron = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    while_running = models.CharField(max_length=16, choices=WhileRunning, default=WhileRunning.SKIP)
    enabled = models.BooleanField(default=True)
    paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    next_run_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RecurringBatchQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "recurring batches"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(frequency__in=["daily", "weekly", "monthly", "cron"]),
                name="recurring_frequency",
            ),
            models.CheckConstraint(
                condition=Q(
                    frequency__in=["daily", "cron"], weekday__isnull=True, month_day__isnull=True
                )
                | Q(
                    frequency="weekly",
                    weekday__isnull=False,
                    weekday__range=(0, 6),
                    month_day__isnull=True,
                )
                | Q(
                    frequency="monthly",
                    weekday__isnull=True,
                    month_day__isnull=False,
                    month_day__range=(1, 31),
                ),
                name="recurring_day_fits_its_frequency",
            ),
            models.CheckConstraint(
                condition=(Q(frequency="cron") & ~Q(cron="")) | (~Q(frequency="cron") & Q(cron="")),
                name="recurring_cron_fits_its_frequency",
            ),
            models.CheckConstraint(
                condition=Q(while_running__in=["skip", "queue"]), name="recurring_while_running"
            ),
            models.CheckConstraint(
                condition=Q(enabled=True, next_run_at__isnull=False)
                | Q(enabled=False, next_run_at__isnull=True),
                name="recurring_enabled_has_a_next_run",
            ),
            models.CheckConstraint(condition=Q(domain_count__gte=1), name="recurring_not_empty"),
            models.CheckConstraint(
                condition=Q(source_kind="domains", domain_list=None, saved_view=None)
                | Q(source_kind="list", saved_view=None)
                | Q(source_kind="view", domain_list=None),
                name="recurring_source",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "name"], name="recurring_by_name"),
            models.Index(
                fields=["next_run_at"], condition=Q(enabled=True), name="recurring_to_start"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def source(self) -> str:
        """The key of its saved list or view (`batches.sources`); empty if it has its own list."""
        pk = self.domain_list_id or self.saved_view_id
        return f"{self.source_kind}:{pk}" if pk else ""

    @property
    def scan_options(self) -> BatchOptions:
        return BatchOptions.stored(self.options)

    @property
    def timing(self) -> Timing:
        return Timing(
            self.time_of_day, self.weekday, self.month_day, self.cron, self.time_zone or "UTC"
        )

    def time_after(self, moment: datetime) -> datetime:
        """Return the first run time after a given time and after the end of any pause."""
        return self.timing.after(max(moment, self.paused_until or moment))

    def is_paused(self, now: datetime) -> bool:
        return self.paused_until is not None and self.paused_until > now

    def upcoming(self, now: datetime) -> list[datetime]:
        """Return the next five run times in UTC; empty while it is disabled."""
        if not self.enabled:
            return []
        return self.timing.upcoming(max(now, self.paused_until or now), 5)

    def claim(self, planned: datetime, now: datetime) -> bool:
        """Claim the run planned for a time and plan the next; return whether the claim succeeded.

        Only one of several schedulers succeeds. Times missed before `now` are skipped.
        """
        due = RecurringBatch.objects.filter(pk=self.pk, enabled=True, next_run_at=planned)
        return due.update(next_run_at=self.time_after(now)) == 1

    def enable(self, now: datetime) -> bool:
        """Enable it or end its pause; return whether it was disabled or paused."""
        stopped = RecurringBatch.objects.filter(
            Q(enabled=False) | Q(paused_until__gt=now), pk=self.pk
        )
        following = self.timing.after(now)
        return bool(
            stopped.update(enabled=True, paused_until=None, next_run_at=following, updated_at=now)
        )

    def disable(self, now: datetime) -> bool:
        """Disable it; return whether it was enabled."""
        on = RecurringBatch.objects.filter(pk=self.pk, enabled=True)
        return on.update(enabled=False, paused_until=None, next_run_at=None, updated_at=now) == 1

    def pause(self, until: datetime, now: datetime) -> bool:
        """Pause it until a time; return whether it is enabled."""
        on = RecurringBatch.objects.filter(pk=self.pk, enabled=True)
        following = self.timing.after(until)
        return on.update(paused_until=until, next_run_at=following, updated_at=now) == 1


class RecurringRunQuerySet(models.QuerySet):
    def queued(self) -> "RecurringRunQuerySet":
        return self.filter(outcome=RecurringRun.Outcome.QUEUED)


class RecurringRun(models.Model):
    """One run of a recurring batch, and its outcome."""

    TENANT_PATH = "recurring__tenant"

    class Outcome(models.TextChoices):
        STARTED = "started", "Started"
        QUEUED = "queued", "Queued"
        SKIPPED = "skipped", "Skipped"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recurring = models.ForeignKey(
        RecurringBatch, models.CASCADE, related_name="runs", db_index=False
    )
    planned_at = models.DateTimeField()
    batch = models.ForeignKey(
        Batch, models.SET_NULL, null=True, blank=True, related_name="recurring_runs"
    )
    outcome = models.CharField(max_length=16, choices=Outcome)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RecurringRunQuerySet.as_manager()

    class Meta:
        ordering = ["-planned_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome__in=["started", "queued", "skipped", "failed"]),
                name="recurring_run_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome="started") | Q(batch__isnull=True),
                name="recurring_run_started_has_the_batch",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["recurring", "-planned_at"], name="recurring_run_newest"),
            models.Index(
                fields=["planned_at"], condition=Q(outcome="queued"), name="recurring_run_queued"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recurring} at {self.planned_at:%Y-%m-%d %H:%M}"
