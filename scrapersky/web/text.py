"""Make untrusted text safe to store and display.

Pure Python, so that the scan engine can use it too.
"""

import re
from typing import Any

# Characters that control a terminal or log line, or change the text direction: control
# characters (ANSI escapes begin with ESC or, in eight bits, with CSI), format characters other than
# the joiners that scripts and emoji need, line and paragraph separators, lone surrogates. XML
# allows neither control characters nor U+FFFE and U+FFFF.
_CONTROLS = (
    r"\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
)
_UNPRINTABLE = re.compile(rf"[\x00-\x1f{_CONTROLS}]")
_UNPRINTABLE_IN_LINES = re.compile(rf"[\x00-\x08\x0b-\x1f{_CONTROLS}]")
_SHORT_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def sanitize(text: str) -> str:
    """Return text that every database can store: without NULs, and with `?` for lone surrogates."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if not text.isascii() and has_surrogate(text):
        text = text.encode("utf-8", "replace").decode()
    return text


def has_surrogate(text: str) -> bool:
    """Return whether a text contains a lone surrogate, which UTF-8 cannot encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def sanitize_json(value: Any) -> Any:
    """Return a JSON value that every database can store.

    Its text is sanitised; NaN and infinities, which JSON lacks, become null.
    """
    if isinstance(value, str):
        return sanitize(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {sanitize(str(key)): sanitize_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [sanitize_json(item) for item in value]
    return value


def printable(text: str) -> str:
    """Return text in one line, with all characters escaped that could control a terminal."""
    return _UNPRINTABLE.sub(_escape, text)


def printable_lines(text: str) -> str:
    """Like `printable`, but keep line ends and tabs."""
    return _UNPRINTABLE_IN_LINES.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
