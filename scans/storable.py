"""Make values into ones that a database stores: no NUL, no lone surrogate, no NaN, no longer text
than its column holds."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db import connection, models


def preparer(field: Any) -> Callable[[Any], Any]:
    """Return what turns a Python value into one the database accepts for this field."""
    if isinstance(field, models.JSONField):
        return _json_text
    if isinstance(field, models.CharField):
        return lambda value: clean(value)[: field.max_length]
    if isinstance(field, models.TextField):
        return lambda value: None if value is None else clean(value)
    if isinstance(field, models.UUIDField) or field.is_relation:
        return unchanged if connection.features.has_native_uuid_field else _hex
    if isinstance(field, models.DateTimeField):
        adapt: Callable[[Any], Any] = lru_cache(256)(connection.ops.adapt_datetimefield_value)
        return adapt
    return unchanged  # bytes among them: both drivers take these as they are


def _hex(value: Any) -> str | None:
    """Return the hex digits of a UUID, as a database without a type for it keeps them."""
    return None if value is None else value.hex


def unchanged(value: Any) -> Any:
    return value


def clean(text: str) -> str:
    """Return text without what no database stores: NUL characters and lone surrogates."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text


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
