"""A worker: one shift of scanning on one host."""

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.db import IntegrityError, models, transaction
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

    def lose(self) -> int:
        """Declare silent shifts lost, which fences them; return how many."""
        return self.silent().update(status=Worker.Status.LOST, ended_at=Now())

    def lose_dead(self, host: str) -> int:
        """Declare lost the shifts of this host whose process is gone; return how many.

        A restart need not wait until they have been silent long enough.
        """
        rows = self.filter(host=host, status__in=Worker.LIVE)
        dead = [pk for pk, pid in rows.values_list("pk", "pid") if not _is_running(pid)]
        gone = rows.filter(pk__in=dead)
        return gone.update(status=Worker.Status.LOST, ended_at=Now())

    def stop(self, host: str) -> int:
        """Ask the shifts of a host to give their jobs back and end."""
        return self.filter(host=host, status__in=Worker.LIVE).update(stop_requested=True)


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
    # Job id -> [stage, progress] of every job being scanned.
    stages = models.JSONField(default=dict, blank=True)
    # Batch id -> how many of its jobs this shift may scan at once.
    seats = models.JSONField(default=dict, blank=True)

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

    @classmethod
    def begin(cls, *, host: str, pid: int) -> "Worker | None":
        """Start a shift on a host; None where one is at work there already.

        The unique constraint decides between two that start at once.
        """
        try:
            with transaction.atomic():
                worker = cls(host=host, pid=pid)
                worker.save(force_insert=True)
        except IntegrityError:
            return None
        return worker

    def beat(self, **facts: Any) -> bool:
        """Say that the shift is alive, and what it does; False when it was declared lost."""
        mine = Worker.objects.filter(pk=self.pk, status__in=self.LIVE)
        return mine.update(heartbeat_at=Now(), **facts) == 1

    def drain(self) -> bool:
        """Move from working to draining, which lets the host's next shift begin."""
        mine = Worker.objects.filter(pk=self.pk, status=Worker.Status.WORKING)
        return mine.update(status=Worker.Status.DRAINING, heartbeat_at=Now()) == 1

    def end(self) -> bool:
        mine = Worker.objects.filter(pk=self.pk, status__in=self.LIVE)
        ended = Worker.Status.ENDED
        return mine.update(status=ended, ended_at=Now(), stages={}, seats={}) == 1


def _is_running(pid: int) -> bool:
    """Say whether a process of this machine runs; one that only waits to be reaped does not."""
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in {"Z", "X"}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
