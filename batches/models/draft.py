"""A batch that has not been created yet: what its owner has typed and uploaded so far."""

import json
import zlib
from base64 import b64decode, b64encode
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

KEPT = timedelta(days=14)


class DraftQuerySet(models.QuerySet):
    def expired(self) -> Self:
        return self.filter(updated_at__lt=timezone.now() - KEPT)


class Draft(models.Model):
    """The input of the new-batch form as one compressed document."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    created_by = models.ForeignKey("tenants.User", models.CASCADE, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    # Valid domains counted by the last check.
    domain_count = models.PositiveIntegerField(default=0)
    document = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-updated_at"], name="draft_by_tenant"),
            models.Index(fields=["updated_at"], name="draft_by_age"),
        ]

    def __str__(self) -> str:
        return self.name or "Unnamed draft"

    def write(self, fields: dict[str, Any], file_name: str = "", file: bytes = b"") -> None:
        """Replace the document: the form fields and the uploaded file."""
        text = b64encode(file).decode()
        content = {"fields": fields, "file_name": file_name, "file": text}
        self.document = zlib.compress(json.dumps(content).encode(), 1)
        self.updated_at = timezone.now()

    def read(self) -> tuple[dict[str, Any], str, bytes]:
        """Return the form fields, and the name and bytes of the uploaded file."""
        content = json.loads(zlib.decompress(self.document))
        return content["fields"], content["file_name"], b64decode(content["file"])
