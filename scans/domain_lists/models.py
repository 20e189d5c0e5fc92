"""A saved list, and the domains in it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

NAME_LENGTH = 100


class DomainList(models.Model):
    """A tenant's own list of domains, by name.

    `domain_count` is kept in the transactions that change the rows of `entries`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=NAME_LENGTH)
    domain_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "saved list"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="list_once_a_tenant"),
            models.CheckConstraint(condition=~Q(name=""), name="list_has_a_name"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-updated_at", "-id"], name="list_by_change"),
            models.Index(fields=["tenant", "domain_count", "id"], name="list_by_size"),
        ]

    def __str__(self) -> str:
        return self.name


class ListedDomain(models.Model):
    """A domain in a saved list: who added it, and when."""

    TENANT_PATH = "domain_list__tenant"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    domain_list = models.ForeignKey(
        DomainList, models.CASCADE, related_name="entries", db_index=False
    )
    domain = models.ForeignKey(
        "scans.Domain", models.CASCADE, related_name="list_entries", db_index=False
    )
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "listed domain"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "domain_list"], name="domain_once_a_list"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["domain_list", "domain"], name="domains_of_list"),
        ]

    def __str__(self) -> str:
        return f"{self.domain} in {self.domain_list}"
