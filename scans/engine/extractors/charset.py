"""Bytes to text, as browsers do it where a page says how, by looking where it does not."""

import codecs

import chardet
from w3lib.encoding import html_to_unicode

_WESTERN = frozenset({"cp1252", "iso8859-1", "iso8859-15", "ascii"})
# Bytes handed to chardet, which reads about 1 MB/s.
SAMPLE = 20_000


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of a page and the name of its encoding; never raises.

    The byte order mark wins, then the header, then `<meta charset>`; without any of these strict
    UTF-8, then chardet, then Windows-1252. A page that is declared Western but is UTF-8 to the
    last byte is taken for UTF-8: text in another encoding hardly ever happens to be that.
    """
    charset, text = html_to_unicode(content_type or None, body, auto_detect_fun=guess)
    if charset in _WESTERN and not text.isascii() and _is_utf8(body):
        return body.decode("utf-8", "replace"), "utf-8"
    return text, charset


def guess(body: bytes) -> str:
    """Name the encoding of bytes that do not say it."""
    return "utf-8" if _is_utf8(body) else _ask_chardet(body)


def _is_utf8(body: bytes) -> bool:
    """Tell whether bytes are UTF-8; a character that the size limit cut in two may end them."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return False
    return True


def _ask_chardet(body: bytes) -> str:
    encoding = chardet.detect(body[:SAMPLE])["encoding"] or "cp1252"
    try:
        body.decode(encoding, "replace")
    except (LookupError, ValueError):
        return "cp1252"
    return encoding
