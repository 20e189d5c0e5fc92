"""A worker: the shift that scans on one host."""

import os
import re
import subprocess
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

SILENT_AFTER = timedelta(seconds=30)


class WorkerQuerySet(models.QuerySet):
    def on_host(self, host: str) -> "WorkerQuerySet":
        """Return the rows of the host with this name, on this machine."""
        return self.filter(host=host, machine=this_machine())

    def live(self) -> "WorkerQuerySet":
        """Return the workers with a fresh heartbeat, by the database's clock."""
        return self.filter(status=Worker.Status.WORKING, heartbeat_at__gte=Now() - SILENT_AFTER)

    def declare_lost(self) -> int:
        """Mark workers as lost, and so fence them off, after 30 s of silence; return how many."""
        silent = self.filter(status=Worker.Status.WORKING, heartbeat_at__lt=Now() - SILENT_AFTER)
        return silent.update(status=Worker.Status.LOST, ended_at=Now())

    def declare_dead_lost(self, host: str) -> int:
        """Mark workers of this host as lost if their process is gone; return how many.

        A restart can then take over immediately, without waiting for the silence time-out.
        """
        rows = self.on_host(host).filter(status=Worker.Status.WORKING)
        dead = [pk for pk, pid in rows.values_list("pk", "pid") if not _is_running(pid)]
        if not dead:
            return 0
        return rows.filter(pk__in=dead).update(status=Worker.Status.LOST, ended_at=Now())

    def stop(self, host: str) -> int:
        """Ask this host's worker to release its jobs and end."""
        return self.on_host(host).filter(status=Worker.Status.WORKING).update(stop_requested=True)


class Worker(models.Model):
    """A host's running shift: its heartbeat, its slots, and what it scans now."""

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        ENDED = "ended", "Ended"
        LOST = "lost", "Lost"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    host = models.CharField(max_length=255)
    # Boot id and pid namespace: two containers with the same name are different hosts.
    machine = models.CharField(max_length=100, blank=True, editable=False)
    pid = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status, default=Status.WORKING)
    stop_requested = models.BooleanField(default=False)
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    # Job id -> [stage, progress] of every job being scanned.
    stages = models.JSONField(default=dict, blank=True)
    # Batch id -> number of its jobs that this worker may scan at once.
    slots = models.JSONField(default=dict, blank=True)
    # When the host's network seems to have gone down; NULL while it works. Until then no job is
    # claimed.
    network_down_since = models.DateTimeField(null=True, blank=True, editable=False)
    # [job id, claim number] of jobs that failed because of it, to be retried once it is back.
    suspects = models.JSONField(default=list, blank=True, editable=False)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["working", "ended", "lost"]), name="worker_status"
            ),
            models.UniqueConstraint(
                fields=["host", "machine"],
                condition=Q(status="working"),
                name="worker_one_shift_a_host",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.host} ({self.status})"

    @classmethod
    def begin(cls, *, host: str, pid: int) -> "Worker | None":
        """Insert the live row of a host; return None if the host already has one.

        Uses ON CONFLICT DO NOTHING because PostgreSQL logs a unique violation as an error.
        """
        worker = cls(host=host, machine=this_machine(), pid=pid)
        cls.objects.bulk_create([worker], ignore_conflicts=True)
        return cls.objects.filter(pk=worker.pk).first()

    @property
    def age(self) -> timedelta:
        """How long the shift has run."""
        return (self.ended_at or timezone.now()) - self.started_at

    def beat(self, **facts: Any) -> bool:
        """Write a heartbeat and columns; return False if the worker was marked as lost."""
        live = Worker.objects.filter(pk=self.pk, status=Worker.Status.WORKING)
        return live.update(heartbeat_at=Now(), **facts) == 1

    def end(self) -> bool:
        """End the shift; return False if the worker was marked as lost."""
        live = Worker.objects.filter(pk=self.pk, status=Worker.Status.WORKING)
        return live.update(status=Worker.Status.ENDED, ended_at=Now(), stages={}, slots={}) == 1


@cache
def this_machine() -> str:
    """Return an identifier of this kernel and pid namespace, in which process ids are valid.

    Without /proc (macOS), it is the boot time.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return _boot_time()


def _boot_time() -> str:
    """Return the boot time of a BSD kernel in seconds; empty if unknown."""
    command = ["sysctl", "-n", "kern.boottime"]  # { sec = 1763976000, usec = 0 } Mon Nov 24 ...
    with suppress(OSError, subprocess.SubprocessError):
        output = subprocess.run(  # noqa: S603 (fixed command)
            command, capture_output=True, text=True, timeout=5, check=True
        ).stdout
        if second := re.search(r"sec = (\d+)", output):
            return f"boot {second[1]}"
    return ""


def _is_running(pid: int) -> bool:
    """Return whether a process of this machine runs; a zombie does not count."""
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
