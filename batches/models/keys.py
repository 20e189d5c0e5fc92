"""Look rows up by UUID, or by any id that a client or the older system knew them by.

What exists in another tenant shows in neither the result nor the number of queries: a look-up asks
the id map first, whose answer it keeps to itself, and then the rows that the caller may see.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from batches.legacy.ids import embedded_uuid, stored_original
from batches.models.legacy import LegacyId
from scrapersky.tenants.access import NO_ROW
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
    """Rows that are looked up by UUID, or by an id of a client or of the older system.

    `CLIENT_ID` of the model names the text column in which an id of a client's own stands.
    """

    def find(self, value: object) -> Any:
        """Return the row of a key, None where there is none.

        A UUID as we write it is the row's own, then the id that a client gave the row. Any other
        text is first what the older system used as an id, exactly as it was ("310" may be the id
        of one batch and the integer of another), then the UUID or the integer that it holds.
        Raises `LookupKeyError` for a text that is no id of a row here and cannot be one.
        """
        text = _text_of(value)
        row = self._first_of([UUID(text)]) if is_uuid(text) else None
        if row is None:
            row = self._first_of(self._former_keys(text))
        if row is None and embedded_uuid(text) is None:
            parse_key(text)
        return row

    def by_key(self, value: object) -> Any:
        """Return the rows (one or none) of a key, as `find` does."""
        row = self.find(value)
        return self.none() if row is None else self.filter(pk=row.pk)

    def named(self, text: str) -> Any:
        """Return the rows that a text is an id of; there may be several, or none."""
        try:
            text = _text_of(text)
        except LookupKeyError:
            return self.none()
        keys = self._former_keys(text)
        return self.filter(self._with_keys([*keys, UUID(text)] if is_uuid(text) else keys))

    def _first_of(self, keys: Sequence[UUID | int]) -> Any:
        """Return the row of the first key that has one; its own id comes before a client's."""
        rows: list[Any] = list(self.filter(self._with_keys(keys)))
        by_key = {_client_id_of(row): row for row in rows} | {row.legacy_id: row for row in rows}
        by_key |= {row.pk: row for row in rows}
        return next((by_key[key] for key in keys if key in by_key), None)

    def _with_keys(self, keys: Sequence[UUID | int]) -> Q:
        """Return the condition of rows with one of the keys; also without any, it is a query."""
        uuids = [key for key in keys if isinstance(key, UUID)] or [NO_ROW]
        integers = [key for key in keys if isinstance(key, int)]
        condition = Q(pk__in=uuids)
        if column := getattr(self.model, "CLIENT_ID", ""):
            condition |= Q(**{f"{column}__in": list(map(str, uuids))})
        return condition | Q(legacy_id__in=integers) if integers else condition

    def _former_keys(self, text: str) -> list[UUID | int]:
        """Return the UUIDs and the integer that a text may mean, the likeliest first."""
        held = embedded_uuid(text)
        kind = str(self.model._meta.model_name)
        became = LegacyId.objects.became(kind, [text, *([str(held)] if held else [])])
        keys: list[UUID | int] = [
            uuid for original, uuid in became if original == stored_original(text)
        ]
        keys += [held] if held else []
        keys += [uuid for _, uuid in became]
        with suppress(LookupKeyError):
            keys.append(parse_key(text))
        return keys


def _text_of(value: object) -> str:
    """Return a key as text; raise `LookupKeyError` for one that no database stores."""
    text = str(value)
    if storable(text) != text:
        raise LookupKeyError(f"{text[:100]!r} is neither a UUID nor a legacy id.")
    return text


def _client_id_of(row: Any) -> UUID | None:
    text = getattr(row, getattr(row, "CLIENT_ID", ""), None) or ""
    return UUID(text) if is_uuid(text) else None


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID as we write it."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
