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
        """Return the rows of a host of this name, as far as this process can tell hosts apart."""
        return self.filter(host=host, machine=this_machine())

    def live(self) -> "WorkerQuerySet":
        """Return the workers with a fresh heartbeat, by the database's clock."""
        return self.filter(status=Worker.Status.WORKING, heartbeat_at__gte=Now() - SILENT_AFTER)

    def declare_lost(self) -> int:
        """Declare workers lost that were silent for 30 s, which fences them; return how many."""
        silent = self.filter(status=Worker.Status.WORKING, heartbeat_at__lt=Now() - SILENT_AFTER)
        return silent.update(status=Worker.Status.LOST, ended_at=Now())

    def declare_dead_lost(self, host: str) -> int:
        """Declare workers of this host lost whose process is gone; return how many.

        So a restart takes over at once, without waiting for the silence.
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
    # Boot id and pid namespace: two containers of one name are two hosts.
    machine = models.CharField(max_length=100, blank=True, editable=False)
    pid = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status, default=Status.WORKING)
    stop_requested = models.BooleanField(default=False)
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    # Job id -> [stage, progress] of every job being scanned.
    stages = models.JSONField(default=dict, blank=True)
    # Batch id -> how many of its jobs this worker may scan at once.
    slots = models.JSONField(default=dict, blank=True)
    # Since when the network of the host seems to be down; NULL while it works. No job is claimed.
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
        """Insert the live row of a host; return None where the host has one.

        With ON CONFLICT DO NOTHING, since a unique violation is an error in PostgreSQL's log.
        """
        worker = cls(host=host, machine=this_machine(), pid=pid)
        cls.objects.bulk_create([worker], ignore_conflicts=True)
        return cls.objects.filter(pk=worker.pk).first()

    @property
    def age(self) -> timedelta:
        """How long the shift has run, or ran."""
        return (self.ended_at or timezone.now()) - self.started_at

    def beat(self, **facts: Any) -> bool:
        """Write a heartbeat and columns; return False where the worker was declared lost."""
        live = Worker.objects.filter(pk=self.pk, status=Worker.Status.WORKING)
        return live.update(heartbeat_at=Now(), **facts) == 1

    def end(self) -> bool:
        """End the row; return False where the worker was declared lost."""
        live = Worker.objects.filter(pk=self.pk, status=Worker.Status.WORKING)
        return live.update(status=Worker.Status.ENDED, ended_at=Now(), stages={}, slots={}) == 1


@cache
def this_machine() -> str:
    """Return what tells this kernel and pid namespace from others: process ids mean nothing there.

    Where there is no /proc (macOS), the time of the boot has to do.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return _boot_time()


def _boot_time() -> str:
    """Return the second at which a BSD kernel started, empty where it does not say."""
    command = ["sysctl", "-n", "kern.boottime"]  # { sec = 1763976000, usec = 0 } Mon Nov 24 ...
    with suppress(OSError, subprocess.SubprocessError):
        output = subprocess.run(  # noqa: S603 (fixed command)
            command, capture_output=True, text=True, timeout=5, check=True
        ).stdout
        if second := re.search(r"sec = (\d+)", output):
            return f"boot {second[1]}"
    return ""


def _is_running(pid: int) -> bool:
    """Return whether a process of this machine runs; one that only waits to be reaped does not."""
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
