"""One correction by a user."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

MARKS = ["contact", "technology"]
CHOICES = ["page_type", "verdict"]


class Correction(models.Model):
    """A wrong result, and for a page type or verdict the correct value."""

    class Kind(models.TextChoices):
        CONTACT = "contact", "Contact"
        TECHNOLOGY = "technology", "Technology"
        PAGE_TYPE = "page_type", "Page type"
        VERDICT = "verdict", "Verdict"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    # NULL if a contact or technology is wrong on every domain of the tenant.
    domain = models.ForeignKey(
        "scans.Domain", models.CASCADE, null=True, blank=True, related_name="corrections"
    )
    # The domain on which it was marked, also if it applies to the whole tenant.
    seen_on = models.ForeignKey(
        "scans.Domain", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    # email, phone, social or address; empty if it is not a contact
    contact_kind = models.CharField(max_length=16, blank=True)
    # the scan's result: a contact, technology, page type or verdict
    value = models.CharField(max_length=500)
    right_value = models.CharField(max_length=16, blank=True)
    # its source: the page of a contact, the page with the wrong type, else the homepage
    url = models.CharField(max_length=2_000, blank=True)
    url_hash = models.BinaryField(max_length=16, default=b"")
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["contact", "technology", "page_type", "verdict"]),
                name="correction_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=MARKS, right_value="")
                | (Q(kind__in=CHOICES, domain__isnull=False) & ~Q(right_value="")),
                name="correction_right_value",
            ),
            models.UniqueConstraint(
                fields=["domain", "kind", "contact_kind", "value"],
                condition=Q(kind__in=MARKS, domain__isnull=False),
                name="wrong_once_a_domain",
            ),
            models.UniqueConstraint(
                fields=["tenant", "kind", "contact_kind", "value"],
                condition=Q(domain__isnull=True),
                name="wrong_once_a_tenant",
            ),
            models.UniqueConstraint(
                fields=["domain"], condition=Q(kind="verdict"), name="one_right_verdict_a_domain"
            ),
            models.UniqueConstraint(
                fields=["domain", "url_hash"],
                condition=Q(kind="page_type"),
                name="one_right_type_a_page",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="newest_corrections"),
        ]

    def __str__(self) -> str:
        if self.right_value:
            return f"{self.get_kind_display()} {self.right_value} instead of {self.value}"
        return f"{self.get_kind_display()} {self.value} is wrong"
