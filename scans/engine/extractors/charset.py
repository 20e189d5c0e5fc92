"""Decode bytes to text, as the HTML and Encoding standards require of browsers.

If a page declares no encoding, or an obviously wrong one, its bytes decide.
"""

import codecs
import re

import chardet

from scans.engine.extractors.encodings import codec_of
from scans.engine.extractors.meta_charset import declared_late, prescan

# Bytes handed to chardet, which reads about 1 MB/s.
SAMPLE = 20_000
# Bytes in which UTF-16 shows by its NULs.
HEAD = 1_024
# Characters beyond ASCII from which on text that reads as UTF-8 is UTF-8, whatever it declares:
# fewer may be chance in an encoding of East Asia.
ENOUGH = 4

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WESTERN = frozenset({"cp1252", "iso8859-15"})
_UTF_16 = frozenset({"utf-16-le", "utf-16-be"})
_IN_HEADER = re.compile(r";\s*charset\s*=\s*[\"']?\s*([^\s;,\"']+)", re.IGNORECASE)


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of a page, without NUL, and the name of its encoding; never raises."""
    encoding = sniff(body, content_type)
    text = body.decode(encoding, "replace").removeprefix("\ufeff")
    return (text.replace("\0", "") if b"\0" in body else text), encoding


def sniff(body: bytes, content_type: str = "") -> str:
    """Return the codec of a page (HTML, 13.2.3.2).

    The byte order mark wins, then the header, then a declaration in the first kilobyte. UTF-8 that
    declares something else is UTF-8. Without a declaration strict UTF-8 is tried, then one further
    down, which browsers change to when they meet it, then chardet, then Windows-1252.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return encoding
    declared = _declared_outside(body, content_type) or prescan(body[:HEAD])
    if declared == "utf-8":
        return declared
    if declared:
        return "utf-8" if _is_rather_utf8(body, declared) else declared
    if is_utf8(body):
        return "utf-8"
    return declared_late(body) or _guess(body)


def is_utf8(body: bytes) -> bool:
    """Return whether bytes are UTF-8; a character that the size limit cut in two may end them."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return False
    return True


def _declared_outside(body: bytes, content_type: str) -> str:
    """Return the encoding of the header, or the UTF-16 that the first bytes show.

    A header that says UTF-16 of a body without a single NUL is a mistake: markup in UTF-16 has one
    in every other byte.
    """
    label = _IN_HEADER.search(content_type)
    encoding = codec_of(label[1]) if label else ""
    if encoding in _UTF_16 and b"\0" not in body[:HEAD]:
        return ""
    if not encoding and body[1:4:2] == b"\0\0" and body[:1] == b"<":
        return "utf-16-le"
    if not encoding and body[:4:2] == b"\0\0" and body[1:2] == b"<":
        return "utf-16-be"
    return encoding


def _is_rather_utf8(body: bytes, declared: str) -> bool:
    """Return whether a body that declares another encoding is UTF-8 to the last byte.

    Western text hardly ever happens to be that; other text needs a few characters to be sure.
    """
    if declared in _UTF_16 or body.isascii() or not is_utf8(body):
        return False
    if declared in _WESTERN:
        return True
    continuations = body.translate(None, delete=_NOT_LEADING)
    return len(continuations) >= ENOUGH


# Every byte but those with which a character of several bytes begins in UTF-8.
_NOT_LEADING = bytes([*range(0xC2), *range(0xF5, 0x100)])


def _guess(body: bytes) -> str:
    encoding = chardet.detect(body[:SAMPLE])["encoding"] or "cp1252"
    try:
        return codecs.lookup(codec_of(encoding) or encoding).name
    except LookupError:
        return "cp1252"
