"""Find the encoding declared in a page's markup (HTML, 13.2.3.2 and 4.2.5.4)."""

import re

from scans.engine.extractors.encodings import codec_of

# Bytes of a page searched for a late declaration.
LATEST = 1_000_000
# Maximum attributes read per `<meta>`.
MAX_ATTRIBUTES = 50

_WS = rb"[\t\n\x0c\r ]"
_ATTRIBUTE = re.compile(
    rb"[\t\n\x0c\r /]*+(?P<name>[^\t\n\x0c\r />][^\t\n\x0c\r />=]*+)"
    rb"(?:" + _WS + rb"*+=" + _WS + rb"*+(?:\"(?P<double>[^\"]*+)(?:\"|\Z)"
    rb"|'(?P<single>[^']*+)(?:'|\Z)|(?P<bare>[^\t\n\x0c\r >]*+)))?+"
)
_TAG = re.compile(rb"<(?:!--|(?P<close>/)?(?P<name>[a-zA-Z][^\t\n\x0c\r />]*+)|[!/?])")
# Elements with text content, in which tags do not count.
_RAW = frozenset(
    [b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes",
     b"noscript"]
)  # fmt: skip
_IN_CONTENT = re.compile(
    rb"charset"
    + _WS
    + rb"*="
    + _WS
    + rb"*(?:\"([^\"]*)\"|'([^']*)'|([^\"'\t\n\x0c\r ;][^\t\n\x0c\r ;]*))",
    re.IGNORECASE,
)
_IN_XML = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def prescan(head: bytes) -> str:
    """Return the codec declared in the first bytes of a page, or an empty string."""
    if head.startswith(b"<?xml") and (match := _IN_XML.match(head)):
        encoding = _ascii_compatible(match[1] or match[2] or b"")
        if encoding:
            return encoding
    return _scan(head, skips_raw=False) if b"charset" in head.lower() else ""


def declared_late(body: bytes) -> str:
    """Return the codec of a `<meta>` anywhere that the parser would treat as an element."""
    if b"charset" not in body[:LATEST].lower():
        return ""
    return _scan(body[:LATEST], skips_raw=True)


def _scan(data: bytes, *, skips_raw: bool) -> str:
    position = 0
    while tag := _TAG.search(data, position):
        position = tag.end()
        if tag[0] == b"<!--":
            position = _after(data, b"-->", position - 2)
        elif tag["name"] is None:
            position = _after(data, b">", position)
        else:
            name = tag["name"].lower()
            attributes, position = _attributes(data, position)
            if name == b"meta" and not tag["close"]:
                if encoding := _of_meta(attributes):
                    return encoding
            elif skips_raw and name in _RAW and not tag["close"]:
                position = _after_raw(data, name, position)
    return ""


def _after(data: bytes, mark: bytes, start: int) -> int:
    index = data.find(mark, start)
    return len(data) if index < 0 else index + len(mark)


def _after_raw(data: bytes, name: bytes, start: int) -> int:
    match = re.compile(rb"</" + name + rb"[\t\n\x0c\r />]", re.IGNORECASE).search(data, start)
    return match.start() if match else len(data)


def _attributes(data: bytes, position: int) -> tuple[dict[bytes, bytes], int]:
    """Return the attributes from here on, the first of each name, and their end."""
    attributes: dict[bytes, bytes] = {}
    while match := _ATTRIBUTE.match(data, position):
        position = match.end()
        if len(attributes) < MAX_ATTRIBUTES:
            value = match["double"] or match["single"] or match["bare"] or b""
            attributes.setdefault(match["name"].lower(), value)
    return attributes, position


def _of_meta(attributes: dict[bytes, bytes]) -> str:
    if b"charset" in attributes:
        return _ascii_compatible(attributes[b"charset"])
    if attributes.get(b"http-equiv", b"").lower() != b"content-type":
        return ""
    match = _IN_CONTENT.search(attributes.get(b"content", b""))
    return _ascii_compatible(match[1] or match[2] or match[3] or b"") if match else ""


def _ascii_compatible(label: bytes) -> str:
    """Return the codec of a label; it was readable as ASCII, so it cannot be UTF-16."""
    encoding = codec_of(label.decode("latin-1"))
    return "utf-8" if encoding.startswith("utf-16") else encoding
