"""Convert values so that any database accepts them: no NUL, no NaN, no text over its column.

Values are checked a whole column at a time, because most columns need no repair. `copy_text` writes
converted rows for PostgreSQL's COPY.
"""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import connection, models

from scrapersky.web.text import has_surrogate, sanitize, sanitize_json

Column = Sequence[Any]


def preparer(field: Any, *, in_key: bool = False) -> Callable[[Column], Column]:
    """Return the function that converts the values of a column for the database.

    Texts that are too long are truncated, or shortened by `shortened_key` if they identify the row
    (`in_key`).
    """
    if isinstance(field, models.JSONField):
        return _json_texts
    if isinstance(field, models.CharField) and field.max_length:
        return partial(_texts, max_length=field.max_length, in_key=in_key)
    if isinstance(field, models.TextField):
        return _texts
    if isinstance(field, models.UUIDField) or field.is_relation:
        return _unchanged if connection.features.has_native_uuid_field else _hexes
    if isinstance(field, models.DateTimeField):
        return _moments
    return _unchanged  # including bytes, which both drivers accept


def _unchanged(values: Column) -> Column:
    return values


def _hexes(values: Column) -> Column:
    """Return UUIDs as hex digits, for databases without a UUID type."""
    return [value.hex if isinstance(value, UUID) else value for value in values]


def _moments(values: Column) -> Column:
    adapt = lru_cache(256)(connection.ops.adapt_datetimefield_value)
    return [adapt(value) for value in values]


def _texts(values: Column, max_length: int | None = None, in_key: bool = False) -> Column:
    """Return sanitised texts of at most the column's length; None stays None."""
    if _are_clean(values):
        clean_values = values
    else:
        clean_values = [None if value is None else sanitize(value) for value in values]
    if max_length is None or max(map(len, filter(None, clean_values)), default=0) <= max_length:
        return clean_values
    shorten = shortened_key if in_key else _cut
    return [value and shorten(value, max_length) for value in clean_values]


def _cut(text: str, length: int) -> str:
    return text[:length]


def shortened_key(text: str, length: int) -> str:
    """Shorten a text to its column's length while keeping it unique.

    A text that is too long ends in `~` and a digest of the full text, so that different texts stay
    different, and the same text maps to the same row in every scan.
    """
    if len(text) <= length:
        return text
    digest = blake2b(text.encode(), digest_size=16).hexdigest()
    mark = f"~{digest}"[: length // 2]
    return text[: length - len(mark)] + mark


def _are_clean(values: Column) -> bool:
    joined = "".join(filter(None, values))
    return "\x00" not in joined and (joined.isascii() or not has_surrogate(joined))


def _json_texts(values: Column) -> Column:
    return [_json_text(value) for value in values]


def _json_text(value: Any) -> str | None:
    if value is None:
        return None
    if value == {}:
        return "{}"
    text = json.dumps(value, separators=(",", ":"))
    if "\\u0000" in text or "\\ud" in text or "NaN" in text or "Infinity" in text:
        text = json.dumps(sanitize_json(value), separators=(",", ":"))
    return text


def copy_text(rows: Sequence[Sequence[Any]]) -> str:
    """Return rows in the text format of PostgreSQL's COPY; empty if psycopg must convert them.

    For rows of texts, integers and UUIDs without special characters, this is four times as fast.
    """
    columns = [_plain_texts(values) for values in zip(*rows, strict=True)]
    if None in columns:
        return ""
    text = "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"
    expected = (len(rows), len(rows) * (len(columns) - 1))
    is_plain = (text.count("\n"), text.count("\t")) == expected
    return text if is_plain and "\\" not in text and "\r" not in text else ""


def _plain_texts(values: Column) -> Column | None:
    kinds = set(map(type, values))
    if kinds == {str}:
        return values
    if kinds == {int}:
        return list(map(str, values))
    return [value.hex for value in values] if kinds == {UUID} else None
