"""Look rows up by UUID, or by any id that the older system knew them by."""

from typing import Any
from uuid import UUID

from django.db import models

from batches.legacy.ids import whole_uuid
from batches.models.legacy import LegacyId
from scrapersky.web.text import storable


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
    """Rows that are looked up by UUID, or by an id of the older system."""

    def by_key(self, value: object) -> Any:
        """Return the rows (one or none) of a UUID, its text, or an id of the older system.

        A text that the older system used as an id comes first, exactly as it was: "310" may be
        the id of one batch and the integer of another. Raises `LookupKeyError` for what is no id.
        """
        key = self._known(value) or parse_key(value)
        return self.filter(legacy_id=key) if isinstance(key, int) else self.filter(pk=key)

    def find(self, value: object) -> Any:
        """Return the row of a key, None where there is none.

        Unlike `by_key` this also asks, where no row has a UUID, which one once had it.
        """
        row = self.by_key(value).first()
        key = whole_uuid(str(value)) if row is None else None
        became = self._resolve(str(key)) if key else None
        return row if became in (None, key) else self.filter(pk=became).first()

    def ids_named(self, words: str) -> list[UUID]:
        """Return the ids of the rows (one or none) that a text is an id of."""
        try:
            found = self.find(words)
        except LookupKeyError:
            return []
        return [found.pk] if found else []

    def _known(self, value: object) -> UUID | None:
        """Return what a text was to the older system; a UUID as we write it is ours first."""
        if not isinstance(value, str) or storable(value) != value or _is_uuid(value):
            return None
        return self._resolve(value)

    def _resolve(self, text: str) -> UUID | None:
        return LegacyId.objects.resolve(str(self.model._meta.model_name), text)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
