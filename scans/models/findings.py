"""Contacts, technologies and sitemaps of domains."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from scans.curation import Curated, curation_indexes, curation_rules
from scans.engine.report import ContactKind
from scans.models.domain import URL_LENGTH, Domain
from scans.models.source_page import SourcePage
from scans.names import choices_of

CONTACT_KINDS = choices_of(ContactKind)


class Finding(models.Model):
    """A result of a domain: when it was first and last seen, and when it was gone."""

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
        """Return rows not marked as wrong, as shown in lists, exports and the API."""
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
    # ISO 3166 code of a phone number or postal address
    country = models.CharField(max_length=2, blank=True, db_default="")
    # Whether a user pinned it as the best of its kind; scans do not reset it.
    is_pinned = models.BooleanField(default=False, db_default=False, editable=False)
    # The parts of a postal address: street, postcode, town, region, country.
    address = models.JSONField(null=True, blank=True)
    # The person named next to it (`person_names`): name, position, page_url, snippet, method.
    person = models.JSONField(null=True, blank=True)
    # Other fields that the older system stored.
    metadata = models.JSONField(null=True, blank=True)

    source_page = SourcePage()

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
            models.Index(fields=["tenant", "kind", "label", "id"], name="contact_by_label"),
            models.Index(fields=["tenant", "kind", "id"], name="contact_by_kind"),
            models.Index(fields=["tenant", "value", "id"], name="contact_by_value"),
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

    @property
    def page_disallowed_by(self) -> str:
        """The robots.txt line that disallows its page; empty if none does."""
        return self.source_page.disallowed_by if self.source_page else ""


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
            models.Index(fields=["tenant", "name", "id"], name="technology_by_name"),
            models.Index(fields=["tenant", "category", "id"], name="technology_by_category"),
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
