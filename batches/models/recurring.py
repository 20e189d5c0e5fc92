"""Batches that recur: a list of domains, when it is scanned again, and every time it was."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.models.batch import Batch
from batches.options import BatchOptions


class RecurringBatchQuerySet(models.QuerySet):
    def due(self, now: datetime) -> "RecurringBatchQuerySet":
        return self.filter(enabled=True, next_run_at__lte=now).order_by("next_run_at", "pk")

    def with_last_run(self) -> "RecurringBatchQuerySet":
        """Add how each one's newest run went: `last_at`, `last_outcome`, `last_batch`."""
        runs = RecurringRun.objects.filter(recurring=OuterRef("pk"))
        newest = runs.order_by("-planned_at", "-pk")
        return self.annotate(
            last_at=Subquery(newest.values("planned_at")[:1]),
            last_outcome=Subquery(newest.values("outcome")[:1]),
            # A foreign key as it stands would be the text that SQLite keeps.
            last_batch=Subquery(newest.values("batch")[:1], output_field=models.UUIDField()),
        )


class RecurringBatch(models.Model):
    """A saved list of domains that becomes a batch every day, week or month."""

    class Frequency(models.TextChoices):
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every week"
        MONTHLY = "monthly", "Every month"

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, related_name="recurring_batches", db_index=False
    )
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=200)
    # The list as it was pasted; every run parses it again.
    domains = models.TextField()
    domain_count = models.PositiveIntegerField()
    options = models.JSONField(default=dict, blank=True)
    frequency = models.CharField(max_length=16, choices=Frequency)
    weekday = models.PositiveSmallIntegerField(null=True, blank=True, choices=Weekday)
    month_day = models.PositiveSmallIntegerField(null=True, blank=True)
    time_of_day = models.TimeField(default=time(6))
    enabled = models.BooleanField(default=True)
    next_run_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RecurringBatchQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "recurring batches"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(frequency__in=["daily", "weekly", "monthly"]),
                name="recurring_frequency",
            ),
            models.CheckConstraint(
                condition=Q(frequency="daily", weekday__isnull=True, month_day__isnull=True)
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
                condition=Q(enabled=True, next_run_at__isnull=False)
                | Q(enabled=False, next_run_at__isnull=True),
                name="recurring_enabled_has_a_next_run",
            ),
            models.CheckConstraint(condition=Q(domain_count__gte=1), name="recurring_not_empty"),
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
    def scan_options(self) -> BatchOptions:
        return BatchOptions.stored(self.options)

    @property
    def timing(self) -> str:
        """Say when it runs: `Every Monday at 06:00 UTC`."""
        at = f"at {self.time_of_day:%H:%M} UTC"
        if self.weekday is not None:
            return f"Every {self.Weekday(self.weekday).label} {at}"
        if self.month_day is not None:
            last = ", or the month's last" if self.month_day > 28 else ""
            return f"Every month on day {self.month_day}{last}, {at}"
        return f"Every day {at}"

    def time_after(self, moment: datetime) -> datetime:
        """Return the first time after a moment at which this is due."""
        return next_time(
            self.time_of_day, weekday=self.weekday, month_day=self.month_day, after=moment
        )

    def claim(self, planned: datetime, now: datetime) -> bool:
        """Take the run planned for a moment, and plan the next; say whether it was there to take.

        Of several schedulers one wins. Times missed until `now` are passed over.
        """
        mine = RecurringBatch.objects.filter(pk=self.pk, enabled=True, next_run_at=planned)
        return mine.update(next_run_at=self.time_after(now)) == 1

    def enable(self, now: datetime) -> bool:
        """Switch it on; say whether it was off."""
        off = RecurringBatch.objects.filter(pk=self.pk, enabled=False)
        following = self.time_after(now)
        return off.update(enabled=True, next_run_at=following, updated_at=now) == 1

    def disable(self, now: datetime) -> bool:
        """Switch it off; say whether it was on."""
        on = RecurringBatch.objects.filter(pk=self.pk, enabled=True)
        return on.update(enabled=False, next_run_at=None, updated_at=now) == 1


class RecurringRun(models.Model):
    """One run of a recurring batch, and its outcome."""

    TENANT_PATH = "recurring__tenant"

    class Outcome(models.TextChoices):
        STARTED = "started", "Started"
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

    class Meta:
        ordering = ["-planned_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome__in=["started", "skipped", "failed"]),
                name="recurring_run_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome="started") | Q(batch__isnull=True),
                name="recurring_run_started_has_the_batch",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["recurring", "-planned_at"], name="recurring_run_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.recurring} at {self.planned_at:%Y-%m-%d %H:%M}"


def next_time(
    at: time, *, weekday: int | None = None, month_day: int | None = None, after: datetime
) -> datetime:
    """Return the first due time after a moment: daily, or weekly or monthly where a day is given.

    `weekday` counts from Monday, 0; a `month_day` that a month does not have is its last day.
    """
    day = after.astimezone(UTC).date()
    while True:
        moment = datetime.combine(day, at, UTC)
        if moment > after and _falls_on(day, weekday, month_day):
            return moment
        day += timedelta(days=1)


def _falls_on(day: date, weekday: int | None, month_day: int | None) -> bool:
    if weekday is not None:
        return day.weekday() == weekday
    if month_day is not None:
        return day.day == min(month_day, monthrange(day.year, day.month)[1])
    return True
