"""A bulk action: its operation, its rows, its progress and its result."""

from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """The outcome of one step: rows, new position, counts, and whether it was the last step."""

    rows: int
    is_last: bool
    cursor: str = ""
    result: Result = field(default_factory=dict)


class BulkActionQuerySet(models.QuerySet):
    def active(self) -> "BulkActionQuerySet":
        return self.filter(status__in=BulkAction.ACTIVE)

    def take(self, pk: UUID) -> "BulkAction | None":
        """Lock an active action; None if it has ended or another process is working on it."""
        rows = self.active().select_for_update(skip_locked=True, of=("self",))
        return rows.select_related("created_by").filter(pk=pk).first()

    def fail(self, error: str) -> int:
        """End active actions with a reason; return how many."""
        return self._end(BulkAction.Status.FAILED, error=error[:2_000])

    def stop(self) -> int:
        """Cancel active actions; changes already made are kept."""
        return self._end(BulkAction.Status.CANCELLED)

    def _end(self, status: "BulkAction.Status", **columns: Any) -> int:
        now = Now()
        return self.active().update(status=status, finished_at=now, updated_at=now, **columns)


class BulkAction(models.Model):
    """One operation on the selected rows of a list, done in steps that each end in a commit.

    `picked` has the ids of single rows; with `takes_all`, all rows that match `query` are selected.
    `cursor` is the position of the last processed row, where any process can continue.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        RUNNING = "running", "Running"
        COMPLETE = "complete", "Complete"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Stopped"

    ACTIVE = (Status.PENDING, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    list_name = models.CharField(max_length=32)
    operation = models.CharField(max_length=32)
    params = models.JSONField(default=dict, blank=True)
    takes_all = models.BooleanField(default=False)
    query = models.TextField(blank=True)
    picked = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    # None until the rows are counted, or if there are too many to count.
    total = models.PositiveIntegerField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, blank=True)
    cursor = models.TextField(blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = BulkActionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running", "complete", "failed", "cancelled"]),
                name="bulk_action_status",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running"], finished_at__isnull=True)
                | Q(status__in=["complete", "failed", "cancelled"], finished_at__isnull=False),
                name="bulk_action_ended_has_an_end",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="bulk_action_newest"),
            models.Index(
                fields=["updated_at"],
                condition=Q(status__in=["pending", "running"]),
                name="bulk_action_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} of {self.list_name}"

    @property
    def is_ended(self) -> bool:
        return self.status not in self.ACTIVE

    @property
    def progress(self) -> float | None:
        """The share of processed rows, 0 to 1; None if they are not counted."""
        return min(self.done / self.total, 1.0) if self.total else None

    def begin(self, total: int | None) -> None:
        """Start, with the number of rows if known."""
        BulkAction.objects.filter(pk=self.pk, status=self.Status.PENDING).update(
            status=self.Status.RUNNING, total=total, updated_at=Now()
        )

    def record(self, progress: Progress) -> bool:
        """Record a completed step in its transaction; return whether it was the last one."""
        now = Now()
        columns: dict[str, Any] = {"status": self.Status.RUNNING, "updated_at": now}
        if progress.is_last:
            columns |= {"status": self.Status.COMPLETE, "finished_at": now}
        self.result = merged(self.result, progress.result)
        BulkAction.objects.filter(pk=self.pk).active().update(
            done=F("done") + progress.rows, cursor=progress.cursor, result=self.result, **columns
        )
        return progress.is_last


def merged(one: Result, other: Result) -> Result:
    """Return the sum of two results: numbers are added, lists joined."""
    result = dict(one)
    for name, value in other.items():
        result[name] = result[name] + value if name in result else value
    return result
