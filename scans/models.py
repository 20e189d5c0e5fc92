"""The results: domains, their scans, and everything read from them.

A foreign key has no index of its own where a composite one begins with it, and a partial one where
most rows do not have it yet.
"""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from scans.bulk.models import BulkAction
from scans.corrections.models import Correction
from scans.curation import Curated, Curation, DomainTag, Tag, curation_indexes, curation_rules
from scans.engine.report import ContactKind, Verdict
from scans.reports import ReportField
from scrapersky.web.idn import display_host

VERDICTS = [(verdict.value, verdict.value.replace("_", " ").capitalize()) for verdict in Verdict]
CONTACT_KINDS = [(kind.value, kind.value.capitalize()) for kind in ContactKind]
URL_LENGTH = 2_000

__all__ = [
    "BulkAction",
    "Contact",
    "Correction",
    "Curation",
    "Domain",
    "DomainTag",
    "Page",
    "Scan",
    "Sitemap",
    "Tag",
    "Technology",
    "TechnologyCount",
]


class ReversedHostField(models.CharField):
    """The host spelled backwards, so that an index finds hosts by their ending."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        value = reversed_host(model_instance.host)
        setattr(model_instance, self.attname, value)
        return value


def reversed_host(host: str) -> str:
    """Return a host spelled backwards."""
    return host[::-1]


class Domain(Curated):
    """One host of a tenant, with the newest facts about it; its history is its scans."""

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
    host = models.CharField(max_length=260)
    reversed_host = ReversedHostField(max_length=260, editable=False, db_default="")
    status = models.CharField(max_length=16, choices=Status, default=Status.UNSCANNED)
    failure_reason = models.CharField(max_length=32, blank=True)
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
    # NULL where there is none, so that such domains come last in both orders of the list.
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
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
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
            # The orders of the list.
            models.Index(fields=["tenant", "last_scanned_at", "id"], name="domain_by_last_scan"),
            models.Index(fields=["tenant", "page_count", "id"], name="domain_by_page_count"),
            models.Index(fields=["tenant", "created_at", "id"], name="domain_by_first_seen"),
            models.Index(fields=["tenant", "best_email", "id"], name="domain_by_best_email"),
            models.Index(fields=["tenant", "best_phone", "id"], name="domain_by_best_phone"),
            # Its filters, in the order of the list.
            models.Index(fields=["tenant", "verdict", "host"], name="domain_by_verdict"),
            models.Index(fields=["tenant", "language", "host"], name="domain_by_language"),
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
            # The beginning and the ending of a host.
            models.Index(
                fields=["tenant", "host"],
                opclasses=["uuid_ops", "varchar_pattern_ops"],
                name="domain_by_prefix",
            ),
            models.Index(
                fields=["tenant", "reversed_host"],
                opclasses=["uuid_ops", "varchar_pattern_ops"],
                name="domain_by_ending",
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
            # Most domains were never asked for, and are excluded from these lists.
            models.Index(
                fields=["sitemap_analysis_status", "tenant", "host"],
                condition=Q(
                    sitemap_analysis_status__in=["queued", "processing", "submitted", "failed"]
                ),
                name="domain_by_sitemap_state",
            ),
        ]

    @property
    def display_host(self) -> str:
        """The host as people write it, or in ASCII where that could mislead."""
        return display_host(self.host)

    def __str__(self) -> str:
        return self.host


class Scan(models.Model):
    """One finished scan of a domain: the engine's report; its inventory is stored as pages."""

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


class Finding(models.Model):
    """A result of a domain: when it was first and last seen, and whether it is gone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class CorrectableQuerySet(models.QuerySet):
    """Rows that a user can mark as wrong."""

    def visible(self) -> Self:
        """Return the rows that are not marked as wrong, which lists, exports and the API show."""
        return self.filter(is_wrong=False)


class CorrectableFinding(Finding):
    """A finding that a user can mark as wrong; no scan resets the mark."""

    is_wrong = models.BooleanField(default=False, db_default=False, editable=False)

    objects = CorrectableQuerySet.as_manager()

    class Meta:
        abstract = True


class Contact(CorrectableFinding, Curated):
    """An e-mail address, phone number, social profile or postal address, with its evidence."""

    domain = models.ForeignKey(Domain, models.CASCADE, related_name="contacts", db_index=False)
    kind = models.CharField(max_length=16, choices=CONTACT_KINDS)
    value = models.CharField(max_length=500)
    label = models.CharField(max_length=32, blank=True)
    page_url = models.CharField(max_length=URL_LENGTH, blank=True)
    snippet = models.TextField(blank=True)
    method = models.CharField(max_length=32, blank=True)
    confidence = models.FloatField(default=1.0)
    # ISO 3166 code: of the number for a phone, of the place for an address
    country = models.CharField(max_length=2, blank=True, db_default="")
    # Whether a user chose it as the best of its kind; no scan resets that.
    is_pinned = models.BooleanField(default=False, db_default=False, editable=False)
    # The parts of a postal address: street, postcode, town, region, country.
    address = models.JSONField(null=True, blank=True)
    # Who the page names beside it (`person_names`): name, position, page_url, snippet, method.
    person = models.JSONField(null=True, blank=True)
    # Other fields that the older system stored.
    metadata = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "-confidence", "value"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["domain", "kind"],
                condition=Q(is_pinned=True),
                name="one_pinned_contact_a_kind",
            ),
            models.UniqueConstraint(
                fields=["domain", "kind", "value"], name="contact_once_a_domain"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[value for value, _ in CONTACT_KINDS]), name="contact_kind"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="contact_confidence"
            ),
            *curation_rules("contact"),
        ]
        indexes: ClassVar = [
            *curation_indexes("contact", "id"),
            models.Index(fields=["tenant", "id"], name="contact_newest"),
            models.Index(fields=["tenant", "kind", "label", "domain"], name="contact_by_label"),
            models.Index(fields=["tenant", "kind", "id"], name="contact_by_kind"),
            models.Index(
                fields=["tenant", "value", "id"],
                opclasses=["uuid_ops", "varchar_pattern_ops", "uuid_ops"],
                name="contact_by_value",
            ),
            models.Index(
                fields=["tenant", "country", "id"],
                condition=~Q(country=""),
                name="contact_by_country",
            ),
            models.Index(
                fields=["tenant", "id"], condition=Q(gone_at__isnull=False), name="contact_gone"
            ),
        ]

    def __str__(self) -> str:
        return self.value


class Technology(CorrectableFinding):
    """Something a domain runs on."""

    domain = models.ForeignKey(
        Domain, models.CASCADE, related_name="technology_rows", db_index=False
    )
    name = models.CharField(max_length=100)
    category = models.CharField(max_length=64, blank=True)
    website = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=64, blank=True)
    evidence = models.TextField(blank=True)

    class Meta:
        ordering = ["category", "name"]
        verbose_name_plural = "technologies"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "name"], name="technology_once_a_domain"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "name", "domain"], name="technology_by_name"),
            models.Index(fields=["tenant", "category", "domain"], name="technology_by_category"),
            models.Index(fields=["tenant", "id"], name="technology_newest"),
            models.Index(
                fields=["tenant", "id"], condition=Q(gone_at__isnull=False), name="technology_gone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


class Sitemap(Finding, Curated):
    """One sitemap of a domain."""

    domain = models.ForeignKey(Domain, models.CASCADE, related_name="sitemaps", db_index=False)
    url = models.CharField(max_length=URL_LENGTH)
    url_hash = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=16, blank=True)
    source = models.CharField(max_length=16, blank=True)
    parent_url = models.CharField(max_length=URL_LENGTH, blank=True)
    url_count = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    error = models.TextField(blank=True)
    # Other fields that the older system stored.
    metadata = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["url"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "url_hash"], name="sitemap_once_a_domain"),
            *curation_rules("sitemap"),
        ]
        indexes: ClassVar = [
            *curation_indexes("sitemap", "id"),
            models.Index(fields=["tenant", "id"], name="sitemap_newest"),
            models.Index(fields=["tenant", "url_count", "id"], name="sitemap_by_size"),
            models.Index(fields=["tenant", "id"], condition=~Q(error=""), name="sitemap_unread"),
        ]

    def __str__(self) -> str:
        return self.url


class Page(Curated):
    """One page of a domain's inventory.

    Its tenant is a copy of its domain's, for lists over all domains; only the domain's own key is
    checked by the database, because a second one on every page costs 17 % of a flush.

    Rows are many (up to 50,000 a domain), so a row is rewritten only when something about the
    page changed or it was last seen more than a week ago.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    domain = models.ForeignKey(Domain, models.CASCADE, related_name="pages", db_index=False)
    url = models.CharField(max_length=URL_LENGTH)
    url_hash = models.BinaryField(max_length=16)
    source = models.CharField(max_length=16, blank=True)
    page_type = models.CharField(max_length=16, default="other")
    lastmod = models.DateTimeField(null=True, blank=True)
    changefreq = models.CharField(max_length=16, blank=True)
    priority = models.FloatField(null=True, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    # Set by a scan that listed all pages of the site, and not this one.
    gone_at = models.DateTimeField(null=True, blank=True)
    in_sitemap = models.BooleanField(default=False, db_default=False)
    is_linked = models.BooleanField(default=False, db_default=False)
    is_opened = models.BooleanField(default=False, db_default=False)
    # The line of robots.txt that closes it to us; empty where none does.
    disallowed_by = models.CharField(max_length=500, blank=True, db_default="")
    # Other fields that the older system stored.
    metadata = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["url"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "url_hash"], name="page_once_a_domain"),
            *curation_rules("page"),
        ]
        indexes: ClassVar = [
            *curation_indexes("page", "id"),
            models.Index(fields=["tenant", "id"], name="page_newest"),
            models.Index(fields=["tenant", "page_type", "id"], name="page_by_type"),
            models.Index(fields=["tenant", "id"], condition=Q(is_opened=True), name="page_opened"),
            models.Index(
                fields=["tenant", "id"], condition=~Q(disallowed_by=""), name="page_disallowed"
            ),
            models.Index(
                fields=["tenant", "id"],
                condition=Q(is_linked=True, in_sitemap=False),
                name="page_not_in_sitemap",
            ),
            models.Index(
                fields=["tenant", "id"], condition=Q(gone_at__isnull=False), name="page_gone"
            ),
        ]

    def __str__(self) -> str:
        return self.url


class TechnologyCount(models.Model):
    """How many domains of a tenant use a technology, as last counted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    category = models.CharField(max_length=64, blank=True)
    domain_count = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        ordering = ["-domain_count", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="technology_counted_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "domain_count", "id"], name="technology_by_count")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.domain_count:,}"
