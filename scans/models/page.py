"""A page of a domain's inventory."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from scans.curation import Curated, curation_indexes, curation_rules
from scans.models.domain import URL_LENGTH, Domain


class Page(Curated):
    """One page of a domain's inventory.

    The tenant is copied from the domain for lists across domains; it has no database-level foreign
    key because checking a second one per page costs 17 % of a flush.

    A domain may have 50,000 pages, so a row is rewritten only if the page changed or was last seen
    more than a week ago.
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
    # Set by a scan that listed all pages of the site except this one.
    gone_at = models.DateTimeField(null=True, blank=True)
    in_sitemap = models.BooleanField(default=False, db_default=False)
    is_linked = models.BooleanField(default=False, db_default=False)
    is_opened = models.BooleanField(default=False, db_default=False)
    # The robots.txt line that disallows it; empty if none does.
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
