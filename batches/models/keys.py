"""Look rows up by UUID, or by any id that a client or the older system used for them.

Neither the result nor the number of queries reveals what exists in another tenant: a lookup queries
the id map first and then the rows that the caller may see.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from batches.legacy.ids import embedded_uuid, stored_original
from batches.models.legacy import LegacyId
from scrapersky.tenants.access import NO_ROW
from scrapersky.web.text import sanitize


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
    """Rows that can be looked up by UUID, by a client's own id or by an id of the older system.

    The model's `CLIENT_ID` names the text column that stores a client's own id.
    """

    def find(self, value: object) -> Any:
        """Return the row with this key, or None.

        A canonical UUID means the row's own id first, then the id that a client gave it. Any other
        text is first compared with the ids of the older system as it is ("310" may be the id of one
        batch and the integer of another), then with the UUID or integer in it. Raises
        `LookupKeyError` for a text that is not the id of a row and cannot be one.
        """
        text = _text_of(value)
        row = self._first_of([UUID(text)]) if is_uuid(text) else None
        if row is None:
            row = self._first_of(self._all_keys(text))
        if row is None and embedded_uuid(text) is None:
            parse_key(text)
        return row

    def by_key(self, value: object) -> Any:
        """Return `find`'s row as a queryset of one row or none."""
        row = self.find(value)
        return self.none() if row is None else self.filter(pk=row.pk)

    def named(self, text: str) -> Any:
        """Return every row that has, or had in the older system, this text as an id."""
        return self._with_ids(text, self._all_keys)

    def with_id(self, text: str) -> Any:
        """Return every row that has this text as an id now, without querying the id map."""
        return self._with_ids(text, _keys_in)

    def _with_ids(self, text: str, keys_of: Callable[[str], list[UUID | int]]) -> Any:
        try:
            text = _text_of(text)
        except LookupKeyError:
            return self.none()
        keys = keys_of(text)
        return self.filter(self._with_keys([*keys, UUID(text)] if is_uuid(text) else keys))

    def _first_of(self, keys: Sequence[UUID | int]) -> Any:
        """Return the row of the first key that has one; a row's own id precedes a client's."""
        rows: list[Any] = list(self.filter(self._with_keys(keys)))
        by_key = {_client_id_of(row): row for row in rows} | {row.legacy_id: row for row in rows}
        by_key |= {row.pk: row for row in rows}
        return next((by_key[key] for key in keys if key in by_key), None)

    def _with_keys(self, keys: Sequence[UUID | int]) -> Q:
        """Return the condition for rows with one of the keys; without keys, it still queries."""
        uuids = [key for key in keys if isinstance(key, UUID)] or [NO_ROW]
        integers = [key for key in keys if isinstance(key, int)]
        condition = Q(pk__in=uuids)
        if column := getattr(self.model, "CLIENT_ID", ""):
            condition |= Q(**{f"{column}__in": list(map(str, uuids))})
        return condition | Q(legacy_id__in=integers) if integers else condition

    def _all_keys(self, text: str) -> list[UUID | int]:
        """Return the UUIDs and the integer that a text may mean, most likely first."""
        keys = _keys_in(text)
        kind = str(self.model._meta.model_name)
        uuids = [str(key) for key in keys if isinstance(key, UUID)]
        mapped = LegacyId.objects.became(kind, [text, *uuids])
        exact = [uuid for original, uuid in mapped if original == stored_original(text)]
        return [*exact, *keys, *(uuid for _, uuid in mapped)]


def _keys_in(text: str) -> list[UUID | int]:
    """Return the UUID and the integer in a text, if any."""
    embedded = embedded_uuid(text)
    keys: list[UUID | int] = [embedded] if embedded else []
    with suppress(LookupKeyError):
        keys.append(parse_key(text))
    return keys


def _text_of(value: object) -> str:
    """Return a key as text; raise `LookupKeyError` for text that no database can store."""
    text = str(value)
    if sanitize(text) != text:
        raise LookupKeyError(f"{text[:100]!r} is neither a UUID nor a legacy id.")
    return text


def _client_id_of(row: Any) -> UUID | None:
    text = getattr(row, getattr(row, "CLIENT_ID", ""), None) or ""
    return UUID(text) if is_uuid(text) else None


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID in canonical form."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
