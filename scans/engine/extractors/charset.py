"""Bytes to text, as browsers do it where a page says how, by looking where it does not."""

import chardet
from w3lib.encoding import html_to_unicode

SAMPLE = 20_000
"""Bytes handed to chardet, which reads about 1 MB/s."""


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of a page and the name of its encoding; never raises.

    The byte order mark wins, then the header, then `<meta charset>`; without any of these strict
    UTF-8, then chardet, then Windows-1252.
    """
    charset, text = html_to_unicode(content_type or None, body, auto_detect_fun=guess)
    return text, charset


def guess(body: bytes) -> str:
    """Name the encoding of bytes that do not say it."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return _ask_chardet(body)
    return "utf-8"


def _ask_chardet(body: bytes) -> str:
    encoding = chardet.detect(body[:SAMPLE])["encoding"] or "cp1252"
    try:
        body.decode(encoding, "replace")
    except (LookupError, ValueError):
        return "cp1252"
    return encoding
