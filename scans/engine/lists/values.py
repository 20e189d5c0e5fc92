"""Split a line of a pasted list into values."""

import html
import re
from collections.abc import Iterable

from scans.engine.hostnames import is_host

_COMMENT = re.compile(r"(?:^|\s)#.*", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+\d*);", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[[^\[\]]*\]\(([^\s()]+)\)")

# Markers of list items: `-`, `•`, `1.`, `(2)`, `a)`, `[x]`, `3、`. At most three of them.
_ITEM = re.compile(
    r"\s*(?:(?:(?:[-*+·‧∙–—―]|\(?\d{1,9}[.):\]]?\)?|\(?[a-z][.)]|\[[ x]?\])\s+(?=\S))"  # noqa: RUF001
    r"|(?:[(（]?\d{1,9}[)）、．]\s*(?=[^\W\d]))){1,3}",  # noqa: RUF001
    re.IGNORECASE,
)
# Bullets that need no space before the value. Ticks, stars and arrows do: they could be part of
# emoji names.
_BULLETS = "•‣⁃▪▫●○■□►▶◦∙" + "".join(map(chr, range(0x2460, 0x249C)))  # noqa: RUF001 (and circled numbers)

# No-break spaces count as spaces, unless they are half of a garbled character (`à` as `Ã` and one).
_BLANKS = re.compile(r"(?:(?<![\xc2\xc3])\xa0|[^\S\xa0])+")

# Commas, semicolons, full stops and CJK brackets, except the full stops that IDNA reads as dots.
# A middle dot, a Hebrew geresh and a katakana dot may be part of a name.
_MARKS = re.compile(
    "[,;|"
    "\u060c\u060d\u07f8\u1363\u1802\u1808\ua4fe\ua60d\ua6f5\ufe10\ufe11\ufe50\ufe51\uff0c\uff64\u3001"
    "\u2e32\u2e34\u2e41\u061b\u204f\u1364\ua6f6\ufe14\ufe54\uff1b\u037e\uff5c\u00a6"
    "\u06d4\u0701\u0702\u1362\u166e\u1803\u1809\u2cf9\u2cfe\ua4ff\ua60e\ua6f3\ufe12\u0964\u0965\u0589"
    "\u104a\u104b\u17d4\u17d5\u0f0d\u0f0e\u2026\u2025\u3008-\u3011\u3014-\u301b]+"
)
_IDEOGRAPHIC_STOPS = re.compile("[\u3002\uff0e\uff61]+")


# The most common line: one value without separators or surrounding characters.
_ONE_VALUE = re.compile(r"[A-Za-z0-9][\w.:/?=%~+-]*", re.ASCII)


def line_values(line: str) -> list[str]:
    """Return the domains and URLs in a line, separated by spaces or by commas of any script.

    Comments (`#` at the start or after a space), bullets, item numbers and brackets are removed.
    """
    if _ONE_VALUE.fullmatch(line):
        return [line]
    text = _plain_line(line)
    values = [value for token in _BLANKS.split(text) for value in _token_values(token)]
    telling = [value for value in values if _is_telling(value)]
    return telling or [value for value in values if _is_visible(value)]


def _plain_line(line: str) -> str:
    if "#" in line:
        line = _COMMENT.sub("", line, count=1)
    if "&" in line and _ENTITY.search(line):
        line = html.unescape(line)
    if "](" in line:
        line = _MARKDOWN_LINK.sub(r" \1 ", line)
    item = _ITEM.match(line)
    return line[item.end() :] if item else line


def _token_values(token: str) -> list[str]:
    """Split `a.com,b.com;c.com`, but not at a comma in a URL's path."""
    if not token.isascii():
        token = token.lstrip(_BULLETS)
    pieces = [piece for piece in _MARKS.split(token) if piece]
    if len(pieces) > 1 and "/" in token:
        pieces = _without_path_parts(pieces)
    if token.isascii():
        return pieces
    return [value for piece in pieces for value in _sentences(piece)]


def _without_path_parts(pieces: Iterable[str]) -> list[str]:
    kept: list[str] = []
    has_path = False
    for piece in pieces:
        if has_path and not is_host(piece):
            continue
        kept.append(piece)
        has_path = "/" in piece.partition("://")[2]
    return kept


def _sentences(piece: str) -> list[str]:
    """Split at ideographic full stops between whole domains.

    Within a domain they are dots: `例え。com`.
    """
    parts = [part for part in _IDEOGRAPHIC_STOPS.split(piece) if part]
    return parts if len(parts) > 1 and all(map(is_host, parts)) else [piece]


def _is_telling(value: str) -> bool:
    """Return whether a value is more than a mark, a circled number or a label (`Website:`)."""
    if value.endswith((":", "：")) and "." not in value:  # noqa: RUF001
        return False
    return any(character.isalpha() or character.isdecimal() for character in value)


def _is_visible(value: str) -> bool:
    return value.isascii() or any(map(str.isprintable, value))
