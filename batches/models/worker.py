"""A worker: one shift of scanning on one host."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

SILENT_AFTER = timedelta(seconds=30)


class WorkerQuerySet(models.QuerySet):
    def live(self) -> "WorkerQuerySet":
        """Return the shifts at work that were heard of lately, by the database's clock."""
        return self.filter(status__in=Worker.LIVE, heartbeat_at__gte=Now() - SILENT_AFTER)

    def silent(self) -> "WorkerQuerySet":
        """Return the shifts at work that were not heard of for 30 s."""
        return self.filter(status__in=Worker.LIVE, heartbeat_at__lt=Now() - SILENT_AFTER)


class Worker(models.Model):
    """A host's running shift: its heartbeat, and what it scans now."""

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        DRAINING = "draining", "Draining"
        ENDED = "ended", "Ended"
        LOST = "lost", "Lost"

    LIVE = (Status.WORKING, Status.DRAINING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status, default=Status.WORKING)
    stop_requested = models.BooleanField(default=False)
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    stages = models.JSONField(default=dict, blank=True)
    """Job id -> [stage, progress] of every job being scanned."""
    seats = models.JSONField(default=dict, blank=True)
    """Batch id -> how many of its jobs this shift may scan at once."""

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["working", "draining", "ended", "lost"]),
                name="worker_status",
            ),
            models.UniqueConstraint(
                fields=["host"], condition=Q(status="working"), name="worker_one_shift_a_host"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.host} ({self.status})"
