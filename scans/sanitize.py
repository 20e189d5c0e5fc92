"""Make values into ones that a database stores: no NUL, no lone surrogate, no NaN, no longer text
than its column holds.

A column at a time, because most columns hold nothing to mend, which is seen at one glance.
"""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from django.db import connection, models

Column = Sequence[Any]


def preparer(field: Any) -> Callable[[Column], Column]:
    """Return what turns the values of one column into ones the database accepts for it."""
    if isinstance(field, models.JSONField):
        return _json_texts
    if isinstance(field, models.CharField):
        return partial(_texts, max_length=field.max_length)
    if isinstance(field, models.TextField):
        return _texts
    if isinstance(field, models.UUIDField) or field.is_relation:
        return _unchanged if connection.features.has_native_uuid_field else _hexes
    if isinstance(field, models.DateTimeField):
        return _moments
    return _unchanged  # bytes among them: both drivers take these as they are


def _unchanged(values: Column) -> Column:
    return values


def _hexes(values: Column) -> Column:
    """Return the hex digits of UUIDs, as a database without a type for them keeps them."""
    return [None if value is None else value.hex for value in values]


def _moments(values: Column) -> Column:
    adapt = lru_cache(256)(connection.ops.adapt_datetimefield_value)
    return [adapt(value) for value in values]


def _texts(values: Column, max_length: int | None = None) -> Column:
    """Return texts clean and no longer than their column; None stays None."""
    if _are_clean(values):
        clean_values = values
    else:
        clean_values = [None if value is None else clean(value) for value in values]
    if max_length is None or max(map(len, filter(None, clean_values)), default=0) <= max_length:
        return clean_values
    return [value and value[:max_length] for value in clean_values]


def _are_clean(values: Column) -> bool:
    joined = "".join(filter(None, values))
    return "\x00" not in joined and (joined.isascii() or not _has_surrogate(joined))


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def clean(text: str) -> str:
    """Return text without what no database stores: NUL characters and lone surrogates."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if not text.isascii() and _has_surrogate(text):
        text = text.encode("utf-8", "replace").decode()
    return text


def _json_texts(values: Column) -> Column:
    return [_json_text(value) for value in values]


def _json_text(value: Any) -> str | None:
    if value is None:
        return None
    if value == {}:
        return "{}"
    text = json.dumps(value, separators=(",", ":"))
    if "\\u0000" in text or "\\ud" in text or "NaN" in text or "Infinity" in text:
        text = json.dumps(_clean_json(value), separators=(",", ":"))
    return text


def _clean_json(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {clean(str(key)): _clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_json(item) for item in value]
    return value
