"""JSON-LD blocks, and the organisation they describe."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from scans.engine.extractors.text import one_line
from scans.engine.extractors.vocabulary import words

MAX_BLOCK = 500_000
MAX_DEPTH = 12
_LENIENT = json.JSONDecoder(strict=False)
_WRAPPING = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)")
_CLOSING = re.compile(r"(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>|;|\s)+$")


def read_blocks(blocks: Iterable[str]) -> tuple[Any, ...]:
    """Return the objects in all blocks, ignoring invalid JSON."""
    return tuple(item for block in blocks for item in _unfold(_loads(block)))


def _loads(block: str) -> Any:
    if len(block) > MAX_BLOCK:
        return None
    cleaned = _CLOSING.sub("", _WRAPPING.sub("", block, count=1))
    try:
        return _sanitized(_LENIENT.decode(cleaned))
    except (ValueError, RecursionError):
        return None


def _sanitized(value: Any) -> Any:
    """Return a value without lone surrogates and NULs, which databases reject."""
    text = json.dumps(value)
    if "\\ud" not in text and "\\u0000" not in text:
        return value
    text = json.dumps(value, ensure_ascii=False).replace("\\u0000", "")
    return json.loads(text.encode("utf-8", "replace"))


def _unfold(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value[:500]:
            if isinstance(item, dict):
                yield from _unfold(item)
    elif isinstance(value, dict):
        graph = value.get("@graph")
        if isinstance(graph, list):
            yield from _unfold(graph)
        else:
            yield value


_HOLDS_OBJECTS = (dict, list, tuple)


def walk(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield all objects in a JSON-LD value, outer ones first."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield value
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        if isinstance(item, _HOLDS_OBJECTS):
            yield from walk(item, depth + 1)


def types_of(item: dict[str, Any]) -> set[str]:
    """Return the type names of an object without namespaces."""
    return {name.rpartition("/")[2] for name in _strings(item.get("@type"))}


def organisation(json_ld: Iterable[Any]) -> dict[str, Any]:
    """Describe the organisation behind the page; empty if there is none.

    Keys, if given: type, name, url, logo, telephone, email, address, same_as.
    """
    best: dict[str, Any] = {}
    for item in walk(list(json_ld)):
        kinds = types_of(item) & words("organisation_types")
        if kinds:
            described = _describe(item, min(kinds))
            if len(described) > len(best):
                best = described
    return best


def _describe(item: dict[str, Any], kind: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": kind,
        "name": _first(item.get("name")),
        "url": _first(item.get("url")),
        "logo": _first(item.get("logo")),
        "telephone": _first(item.get("telephone")),
        "email": _first(item.get("email")).removeprefix("mailto:"),
        "address": address_line(item.get("address")),
        "same_as": [one_line(url) for url in _strings(item.get("sameAs"))][:30],
    }
    return {key: value for key, value in described.items() if value}


def same_as(json_ld: Iterable[Any]) -> Iterator[str]:
    """Yield the `sameAs` URLs of objects."""
    for item in walk(list(json_ld)):
        yield from _strings(item.get("sameAs"))


def address_line(address: Any) -> str:
    """Return a postal address in one line, in the order of an envelope."""
    if isinstance(address, list):
        address = address[0] if address else ""
    if not isinstance(address, dict):
        return one_line(address, 300) if isinstance(address, str) else ""
    keys = ("streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")
    return ", ".join(part for key in keys if (part := _first(address.get(key))))[:300]


def _first(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("url") or value.get("name") or value.get("@id") or ""
    return one_line(str(value)) if isinstance(value, str | int | float) else ""


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
