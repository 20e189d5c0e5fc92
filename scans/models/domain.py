"""A host of a tenant, with its latest facts."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from scans.curation import Curated, DomainTag, Tag, curation_indexes, curation_rules
from scans.engine.errors import FailureReason
from scans.engine.report import Verdict
from scans.names import choices_of
from scrapersky.web.idn import display_host

VERDICTS = choices_of(Verdict)
FAILURE_REASONS = choices_of(FailureReason)
URL_LENGTH = 2_000


class HostField(models.CharField):
    """A host, in the order of its bytes, so that one index serves both its order and its prefixes.

    Hosts are ASCII, and comparing them by the rules of a language takes longer.
    """

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}


class ReversedHostField(models.CharField):
    """The host reversed, so that an index can find hosts by suffix."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        value = reversed_host(model_instance.host)
        setattr(model_instance, self.attname, value)
        return value


def reversed_host(host: str) -> str:
    """Return a host reversed."""
    return host[::-1]


def scanned_or(**value: Any) -> Q:
    """Return the condition for domains that were scanned or have a value, such as converted ones.

    It keeps the domains of a new batch out of indexes that no list needs them in.
    """
    return Q(**value) | ~Q(status="unscanned")


class Domain(Curated):
    """A host of a tenant with its latest facts; its history is in its scans."""

    class Status(models.TextChoices):
        UNSCANNED = "unscanned", "Not scanned yet"
        SCANNED = "scanned", "Scanned"
        FAILED = "failed", "Last scan failed"

    class SitemapAnalysis(models.TextChoices):
        PENDING = "pending", "Not requested"
        QUEUED = "queued", "Queued"
        PROCESSING = "processing", "In progress"
        SUBMITTED = "submitted", "Submitted"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, related_name="domains", db_index=False
    )
    host = HostField(max_length=260)
    reversed_host = ReversedHostField(max_length=260, editable=False, db_default="")
    status = models.CharField(max_length=16, choices=Status, default=Status.UNSCANNED)
    failure_reason = models.CharField(max_length=32, choices=FAILURE_REASONS, blank=True)
    verdict = models.CharField(max_length=16, choices=VERDICTS, blank=True)
    final_url = models.CharField(max_length=URL_LENGTH, blank=True)
    title = models.TextField(blank=True)
    description = models.TextField(blank=True)
    language = models.CharField(max_length=16, blank=True)
    favicon_url = models.CharField(max_length=URL_LENGTH, blank=True)
    logo_url = models.CharField(max_length=URL_LENGTH, blank=True)
    emails = models.JSONField(default=list, blank=True)
    phones = models.JSONField(default=list, blank=True)
    social = models.JSONField(default=dict, blank=True)
    technologies = models.JSONField(default=list, blank=True)
    # NULL if there is none, so that such domains come last in either sort direction.
    best_email = models.CharField(max_length=500, null=True, blank=True)  # noqa: DJ001
    best_phone = models.CharField(max_length=500, null=True, blank=True)  # noqa: DJ001
    sitemap_count = models.PositiveIntegerField(default=0)
    page_count = models.PositiveIntegerField(default=0)
    # page type -> number of pages
    page_types = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True
    )
    note = models.TextField(blank=True, db_default="")
    noted_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    noted_at = models.DateTimeField(null=True, blank=True)
    tags = models.ManyToManyField(Tag, through=DomainTag, related_name="domains")
    sitemap_analysis_status = models.CharField(
        max_length=16, choices=SitemapAnalysis, default=SitemapAnalysis.PENDING
    )
    sitemap_analysis_error = models.TextField(blank=True)
    sitemap_queued_at = models.DateTimeField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    latest_scan = models.ForeignKey(
        "Scan", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    latest_batch = models.ForeignKey(
        "batches.Batch", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    last_scanned_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["host"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "host"], name="domain_once_a_tenant"),
            models.CheckConstraint(
                condition=Q(status__in=["unscanned", "scanned", "failed"]), name="domain_status"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["", *(value for value, _ in VERDICTS)]),
                name="domain_verdict",
            ),
            models.CheckConstraint(
                condition=Q(
                    sitemap_analysis_status__in=[
                        "pending",
                        "queued",
                        "processing",
                        "submitted",
                        "failed",
                    ]
                ),
                name="domain_sitemap_analysis_status",
            ),
            *curation_rules("domain"),
        ]
        indexes: ClassVar = [
            *curation_indexes("domain", "host"),
            # Sort orders of the list.
            models.Index(fields=["tenant", "created_at", "id"], name="domain_by_first_seen"),
            models.Index(
                fields=["tenant", "last_scanned_at", "id"],
                condition=scanned_or(last_scanned_at__isnull=False),
                name="domain_by_last_scan",
            ),
            models.Index(
                fields=["tenant", "page_count", "id"],
                condition=scanned_or(page_count__gt=0),
                name="domain_by_page_count",
            ),
            models.Index(
                fields=["tenant", "best_email", "id"],
                condition=scanned_or(best_email__isnull=False),
                name="domain_by_best_email",
            ),
            models.Index(
                fields=["tenant", "best_phone", "id"],
                condition=scanned_or(best_phone__isnull=False),
                name="domain_by_best_phone",
            ),
            # Filters, in the default order of the list.
            models.Index(
                fields=["tenant", "verdict", "host"],
                condition=~Q(verdict=""),
                name="domain_by_verdict",
            ),
            models.Index(
                fields=["tenant", "language", "host"],
                condition=~Q(language=""),
                name="domain_by_language",
            ),
            models.Index(
                fields=["tenant", "status", "host"],
                condition=~Q(status="scanned"),
                name="domain_by_status",
            ),
            models.Index(
                fields=["tenant", "failure_reason", "host"],
                condition=~Q(failure_reason=""),
                name="domain_by_failure_reason",
            ),
            # Suffixes of hosts.
            models.Index(
                fields=["tenant", "reversed_host"],
                opclasses=["uuid_ops", "varchar_pattern_ops"],
                name="domain_by_ending",
            ),
            models.Index(
                fields=["noted_by"], condition=Q(noted_by__isnull=False), name="domain_noted_by"
            ),
            models.Index(
                fields=["latest_scan"],
                condition=Q(latest_scan__isnull=False),
                name="domain_of_latest_scan",
            ),
            models.Index(
                fields=["latest_batch"],
                condition=Q(latest_batch__isnull=False),
                name="domain_of_latest_batch",
            ),
            models.Index(
                fields=["sitemap_queued_at"],
                condition=Q(sitemap_analysis_status="queued"),
                name="domain_sitemap_queue",
            ),
            # Most domains were never queued for sitemaps and are excluded.
            models.Index(
                fields=["sitemap_analysis_status", "tenant", "host"],
                condition=~Q(sitemap_analysis_status="pending"),
                name="domain_by_sitemap_state",
            ),
        ]

    @property
    def display_host(self) -> str:
        """The host in Unicode, or in ASCII if that could be misleading."""
        return display_host(self.host)

    def __str__(self) -> str:
        return self.host
