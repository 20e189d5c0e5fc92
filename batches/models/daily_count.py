"""Daily counts of scan results, updated when jobs end."""

from collections import Counter
from datetime import date
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from scans import storage
from scrapersky.web.regional import grouped

KEY = ("tenant_id", "day", "measure", "name")


class DailyCountQuerySet(models.QuerySet):
    @staticmethod
    def add(day: date, counted: Counter[tuple[UUID, str, str]]) -> None:
        """Add to the counts of a day: (tenant, measure, name) -> how many.

        Call it in the transaction that ends the jobs, after locking the jobs and before locking
        their batches, so that each job is counted once and writers cannot deadlock.
        """
        rows = [(tenant, day, measure, name, n) for (tenant, measure, name), n in counted.items()]
        storage.upsert(DailyCount, (*KEY, "count"), rows, key=KEY, add=["count"])


class DailyCount(models.Model):
    """A count of one kind of event in a tenant on a day (UTC).

    Verdicts and failure reasons count scans; contact kinds count extracted contacts. Submitted
    domains are counted only for tenants with a limit.
    """

    class Measure(models.TextChoices):
        VERDICT = "verdict", "Verdict"
        FAILURE = "failure", "Failure reason"
        CONTACT = "contact", "Contact"
        SUBMITTED = "submitted", "Submitted domain"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    measure = models.CharField(max_length=16, choices=Measure)
    name = models.CharField(max_length=32)
    count = models.PositiveBigIntegerField(default=0)

    objects = DailyCountQuerySet.as_manager()

    class Meta:
        ordering = ["day", "measure", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "day", "measure", "name"], name="daily_count_once"
            ),
            models.CheckConstraint(
                condition=Q(measure__in=["verdict", "failure", "contact", "submitted"]),
                name="daily_count_measure",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}: {grouped(self.count)}"
