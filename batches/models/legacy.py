"""The id map from ids of the older system to UUIDs."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Case, Q, When
from uuid_utils.compat import uuid7

from batches.legacy.ids import embedded_uuid, stored_original


class LegacyIdQuerySet(models.QuerySet):
    def became(self, kind: str, texts: Sequence[str]) -> list[tuple[str, UUID]]:
        """Return (original, UUID) pairs for ids of the older system.

        This is the only query by legacy ids; lookups run it only if no row has the id itself. If
        several rows share a text, the one that kept the UUID comes first.
        """
        rows = self.filter(kind=kind, original__in=set(map(stored_original, texts)))
        return list(rows.order_by(_PRECEDENCE, "id").values_list("original", "uuid"))

    def resolve(self, kind: str, text: str) -> UUID | None:
        """Return the UUID of one id: from the map, else the one in its text, else None."""
        mapped = self.became(kind, [text])
        return mapped[0][1] if mapped else embedded_uuid(text)


class LegacyId(models.Model):
    """An id of the older system and the UUID it was converted to.

    There is a row for every converted batch, job and domain, so `original` is NULL if it equals the
    text of `uuid`, and only originals are indexed: UUIDs and integers are looked up in the rows
    themselves, and a conversion joins the whole map.
    """

    class Kind(models.TextChoices):
        TENANT = "tenant", "Tenant"
        USER = "user", "User"
        BATCH = "batch", "Batch"
        DOMAIN = "domain", "Domain"
        JOB = "job", "Job"
        SITEMAP = "sitemap", "Sitemap"
        PAGE = "page", "Page"
        CONTACT = "contact", "Contact"

    class How(models.TextChoices):
        UUID = "uuid", "It was this UUID"
        PREFIX = "prefix", "The UUID it held"
        DERIVED = "derived", "Derived from its text"
        INTEGER = "integer", "Derived from its integer: it had no id"
        COLLISION = "collision", "Derived: its UUID was another row's"
        ALIAS = "alias", "Another name of the row"
        MERGED = "merged", "Part of another row"
        EXISTING = "existing", "A row that was there before"
        RECONSTRUCTED = "reconstructed", "Made up from what refers to it"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    original = models.TextField(null=True, blank=True)  # noqa: DJ001 (NULL: the text of the UUID)
    integer = models.BigIntegerField(null=True, blank=True)
    uuid = models.UUIDField()
    how = models.CharField(max_length=16, choices=How)
    # Whether the conversion created the row with this UUID; only such rows are removed in a
    # reversal.
    made = models.BooleanField()

    objects = LegacyIdQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = "legacy id"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "tenant",
                        "user",
                        "batch",
                        "domain",
                        "job",
                        "sitemap",
                        "page",
                        "contact",
                    ]
                ),
                name="legacy_id_kind",
            ),
            models.CheckConstraint(
                condition=Q(
                    how__in=[
                        "uuid",
                        "prefix",
                        "derived",
                        "integer",
                        "collision",
                        "alias",
                        "merged",
                        "existing",
                        "reconstructed",
                    ]
                ),
                name="legacy_id_how",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["kind", "original"],
                condition=Q(original__isnull=False),
                name="legacy_id_original",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.original or self.uuid}"


_PRECEDENCE = Case(
    When(how=LegacyId.How.COLLISION, then=1), When(how=LegacyId.How.ALIAS, then=2), default=0
)
