"""A saved list, its domains, and imports into it."""

import json
import zlib
from dataclasses import asdict
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from uuid_utils.compat import uuid7

from scans.engine.lists.collection import ParsedList, RejectedLine

NAME_LENGTH = 100


class DomainList(models.Model):
    """A tenant's named list of domains.

    `domain_count` is updated in the same transactions as `entries`.
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
    """A domain in a saved list, with user and time."""

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


class ListImport(models.Model):
    """Hosts to be imported into a saved list, until the import is applied or discarded."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    domain_list = models.ForeignKey(DomainList, models.CASCADE, related_name="imports")
    created_by = models.ForeignKey(
        "tenants.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The file name; empty for a pasted list.
    source = models.CharField(max_length=200, blank=True)
    host_count = models.PositiveIntegerField()
    # The number of duplicate lines.
    duplicates = models.PositiveIntegerField(default=0)
    rejected_count = models.PositiveIntegerField(default=0)
    document = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at"], name="list_import_by_tenant"),
            models.Index(fields=["created_at"], name="list_import_by_age"),
        ]

    def __str__(self) -> str:
        return self.source or "Pasted list"

    def write(self, parsed: ParsedList) -> None:
        """Store the sorted hosts and the first 1,000 rejected lines."""
        content = {"hosts": sorted(parsed.hosts), "rejected": [asdict(x) for x in parsed.rejected]}
        self.document = zlib.compress(json.dumps(content).encode(), 1)
        self.host_count = len(parsed.accepted)
        self.duplicates = parsed.duplicates
        self.rejected_count = parsed.rejected_count

    @cached_property
    def hosts(self) -> list[str]:
        """The hosts, sorted."""
        hosts: list[str] = self._read()["hosts"]
        return hosts

    @cached_property
    def rejected(self) -> list[RejectedLine]:
        """The first 1,000 rejected lines."""
        return [RejectedLine(**line) for line in self._read()["rejected"]]

    def _read(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(zlib.decompress(self.document))
        return content
