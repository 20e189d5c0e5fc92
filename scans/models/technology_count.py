"""How many domains of a tenant use a technology."""

from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7

from scrapersky.web.regional import grouped


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
        return f"{self.name}: {grouped(self.domain_count)}"
