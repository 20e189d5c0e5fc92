"""Look rows up by UUID or by the older system's integer."""

from typing import Any
from uuid import UUID

from django.db import models


class LookupKeyError(ValueError):
    """A key that is neither a UUID nor a legacy id."""


def parse_key(value: object) -> UUID | int:
    """Return a UUID or a legacy integer; raise `LookupKeyError` for anything else.

    Accepts a UUID, its text, a positive integer and its text.
    """
    if isinstance(value, UUID):
        return value
    text = str(value).strip()
    digits = text.isascii() and text.isdigit() and not isinstance(value, bool)
    if digits and len(text) < 20 and int(text) < 2**63:
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        raise LookupKeyError(f"{text[:100]!r} is neither a UUID nor a legacy id.") from None


class KeyedQuerySet(models.QuerySet):
    """Rows that are looked up by UUID or by the older system's integer."""

    def by_key(self, value: object) -> Any:
        """Return the rows (one or none) of a UUID, its text, or a legacy id."""
        key = parse_key(value)
        return self.filter(pk=key) if isinstance(key, UUID) else self.filter(legacy_id=key)
