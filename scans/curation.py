"""Users' decisions on results: curation statuses, tags and notes, with user and time.

Scans never reset them.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7


class Curation(models.TextChoices):
    """The curation statuses; they match the older system's, so that converted rows keep theirs."""

    NEW = "new", "New"
    SELECTED = "selected", "Selected"
    MAYBE = "maybe", "Maybe"
    NOT_A_FIT = "not_a_fit", "Not a fit"
    ARCHIVED = "archived", "Archived"


CURATION_IS_KNOWN = Q(curation__in=["new", "selected", "maybe", "not_a_fit", "archived"])


class Curated(models.Model):
    """A row that a user can curate."""

    curation = models.CharField(
        max_length=16, choices=Curation, default=Curation.NEW, db_default=Curation.NEW
    )
    curated_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    curated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


def curation_rules(prefix: str) -> list[models.CheckConstraint]:
    """Return the constraints of a curated model."""
    return [models.CheckConstraint(condition=CURATION_IS_KNOWN, name=f"{prefix}_curation")]


def curation_indexes(prefix: str, *order: str) -> list[models.Index]:
    """Return the indexes of a curated model; most rows are never curated and are excluded.

    `order` is the list's default order after the tenant.
    """
    return [
        models.Index(
            fields=["tenant", "curation", *order],
            condition=~Q(curation=Curation.NEW),
            name=f"{prefix}_by_curation",
        ),
        # for deleting a user
        models.Index(
            fields=["curated_by"],
            condition=Q(curated_by__isnull=False),
            name=f"{prefix}_curated_by",
        ),
    ]


class Tag(models.Model):
    """A tenant's own label for domains."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=64)

    class Meta:
        ordering = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="tag_once_a_tenant"),
            models.CheckConstraint(condition=~Q(name=""), name="tag_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class DomainTag(models.Model):
    """A tag on a domain, with user and time."""

    TENANT_PATH = "tag__tenant"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    domain = models.ForeignKey(
        "scans.Domain", models.CASCADE, related_name="domain_tags", db_index=False
    )
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="domain_tags", db_index=False)
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "tag"], name="tag_once_a_domain"),
        ]
        indexes: ClassVar = [models.Index(fields=["tag", "domain"], name="domains_of_tag")]

    def __str__(self) -> str:
        return f"{self.tag} on {self.domain}"
