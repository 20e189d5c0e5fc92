"""Distinguish pages from other files by their content (MIME Sniffing Standard)."""

import re

from scans.engine.extractors.charset import sniff

# Bytes examined (MIME Sniffing, 5.2).
HEADER_BYTES = 1_445
# Maximum percentage of binary bytes among these in a damaged page served as text/html.
DAMAGE = 5

_UTF_16 = frozenset({"utf-16-le", "utf-16-be"})
_OTHER_FILES = (  # magic numbers of other files, in lower case
    b"%pdf", b"\x89png", b"gif8", b"\xff\xd8\xff", b"pk\x03\x04", b"\x1f\x8b", b"\x7felf",
    b"mz\x90", b"riff", b"oggs", b"id3", b"\x00\x00\x00", b"woff", b"wof2", b"rar!\x1a\x07",
    b"7z\xbc\xaf", b"\xfd7zxz", b"bzh9", b"\x00\x01\x00\x00", b"otto", b"fws", b"cws",
    b"\x1aE\xdf\xa3".lower(), b"{\\rtf", b"\xd0\xcf\x11\xe0", b"sqlite format 3",
)  # fmt: skip
# Patterns of HTML (MIME Sniffing, 7.1): the tag, then a space or `>`.
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?[\t\n\x0c\r ]*(?:<!--|<(?:!doctype html|html|head|script|iframe|h1|div|font"
    rb"|table|a|style|title|b|body|br|p|meta)[\t\n\x0c\r >/])"
)
_DOCUMENT = (b"<!doctype html", b"<html", b"<head", b"<body")
_BINARY = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_TEXT = bytes(sorted(set(range(256)) - set(_BINARY)))


def looks_like_html(body: bytes, content_type: str) -> bool:
    """Return whether a file is a page.

    A file served as text/html, or without a type, is a page if it begins with markup, even damaged,
    or is text. With another type, it must begin like a complete document.
    """
    start = _text_start(body, content_type)
    if start.lstrip().startswith(_OTHER_FILES):
        return False
    kind = content_type.partition(";")[0].strip().lower()
    if kind and "html" not in kind:
        return any(mark in start for mark in _DOCUMENT) and not _is_binary(start)
    return _MARKUP.match(start) is not None or not _is_binary(start)


def _text_start(body: bytes, content_type: str) -> bytes:
    """Return the beginning in lower case, with UTF-16 reduced to ASCII."""
    start = body[:HEADER_BYTES]
    if b"\0" in start and (encoding := sniff(body, content_type)) in _UTF_16:
        start = body[: 2 * HEADER_BYTES].decode(encoding, "replace").encode("utf-8", "replace")
    return start.lower()


def _is_binary(start: bytes) -> bool:
    """Return whether it contains more binary data than a damaged page would."""
    return len(start.translate(None, delete=_TEXT)) * 100 > len(start) * DAMAGE
