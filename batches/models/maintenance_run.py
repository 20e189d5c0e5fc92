"""The last run of each of the console's own schedules."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

from scrapersky.web.text import sanitize

NOTE_LENGTH = 2_000


class MaintenanceRun(models.Model):
    """The last run of one of the console's own schedules; one row per schedule.

    The queue keeps no record of tasks that succeeded or were killed; a row that stays running
    reveals the latter.
    """

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, unique=True)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.RUNNING)
    note = models.TextField(blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome__in=["running", "done", "failed"]), name="chore_outcome"
            ),
            models.CheckConstraint(
                condition=Q(outcome="running", ended_at__isnull=True)
                | Q(outcome__in=["done", "failed"], ended_at__isnull=False),
                name="chore_ended_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.outcome})"

    @classmethod
    def begin(cls, name: str) -> "MaintenanceRun":
        """Record the start of a run, overwriting an earlier one that never ended."""
        running = {"outcome": cls.Outcome.RUNNING, "started_at": timezone.now(), "ended_at": None}
        return cls.objects.update_or_create(name=name, defaults=running)[0]

    def end(self, outcome: "MaintenanceRun.Outcome", note: str = "") -> bool:
        """Record how a run ended; return False if a later run has started."""
        current = type(self).objects.filter(pk=self.pk, started_at=self.started_at, ended_at=None)
        text = sanitize(note)[:NOTE_LENGTH]
        return current.update(outcome=outcome, note=text, ended_at=Now()) == 1
