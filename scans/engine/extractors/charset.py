"""Decode bytes to text as the HTML and Encoding standards specify for browsers.

Without a declared encoding, or with an obviously wrong one, the bytes decide.
"""

import codecs
import re

import chardet

from scans.engine.extractors.encodings import codec_of
from scans.engine.extractors.meta_charset import declared_late, prescan

# Bytes passed to chardet, which reads about 1 MB/s.
SAMPLE = 20_000
# Bytes examined for the NULs of UTF-16.
HEAD = 1_024
# Number of non-ASCII characters that make valid UTF-8 certain, whatever is declared: fewer may be a
# coincidence in an East Asian encoding.
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
    """Return the text of a page without NULs, and the name of its encoding; never raises."""
    encoding = sniff(body, content_type)
    text = body.decode(encoding, "replace").removeprefix("\ufeff")
    return (text.replace("\0", "") if b"\0" in body else text), encoding


def sniff(body: bytes, content_type: str = "") -> str:
    """Return the codec of a page (HTML, 13.2.3.2).

    In order of precedence: the byte order mark, the header, a declaration in the first kilobyte.
    Text that is certainly UTF-8 is UTF-8 even if it declares something else. Without a declaration,
    strict UTF-8 is tried, then a late declaration, to which browsers switch when they find it, then
    chardet, then Windows-1252.
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
    """Return whether bytes are UTF-8; the last character may be truncated."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return False
    return True


def _declared_outside(body: bytes, content_type: str) -> str:
    """Return the encoding in the header, or UTF-16 as detected from the first bytes.

    A header that declares UTF-16 is wrong if the body has no NULs: in UTF-16 markup, every other
    byte is one.
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
    """Return whether a body that declares another encoding is entirely UTF-8.

    Western text is hardly ever valid UTF-8 by chance; other text needs a few characters for
    certainty.
    """
    if declared in _UTF_16 or body.isascii() or not is_utf8(body):
        return False
    if declared in _WESTERN:
        return True
    continuations = body.translate(None, delete=_NOT_LEADING)
    return len(continuations) >= ENOUGH


# All bytes except lead bytes of multi-byte UTF-8 characters.
_NOT_LEADING = bytes([*range(0xC2), *range(0xF5, 0x100)])


def _guess(body: bytes) -> str:
    encoding = chardet.detect(body[:SAMPLE])["encoding"] or "cp1252"
    try:
        return codecs.lookup(codec_of(encoding) or encoding).name
    except LookupError:
        return "cp1252"
