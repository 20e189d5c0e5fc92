"""A finished scan of a domain."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from scans.models.domain import VERDICTS, Domain
from scans.reports import ReportField


class Scan(models.Model):
    """A finished scan of a domain with the engine's report; its inventory is stored as pages."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, related_name="scans", db_index=False
    )
    domain = models.ForeignKey(Domain, models.CASCADE, related_name="scans", db_index=False)
    verdict = models.CharField(max_length=16, choices=VERDICTS)
    report = ReportField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ["-finished_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(verdict__in=[value for value, _ in VERDICTS]), name="scan_verdict"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["domain", "-finished_at"], name="scan_history"),
            models.Index(fields=["tenant", "-finished_at", "-id"], name="scan_newest"),
            models.Index(
                fields=["tenant", "verdict", "-finished_at", "-id"], name="scan_by_verdict"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domain} at {self.finished_at:%Y-%m-%d %H:%M}"

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()
