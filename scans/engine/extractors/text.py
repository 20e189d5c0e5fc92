"""The text a visitor sees, with blocks on lines of their own."""

import re

from selectolax.lexbor import LexborHTMLParser

# Characters of visible text that are kept; the longest of 3,154 real pages had 310,000.
MAX_TEXT = 500_000

_UNSEEN = ["script", "style", "noscript", "template", "svg", "iframe", "object", "canvas"]
_INLINE = (
    "a, abbr, b, bdi, bdo, big, cite, code, em, font, i, ins, label, mark, nobr, q, s, small, "
    "span, strike, strong, sub, sup, time, tt, u, wbr"
)
# Words hidden within a line, put there to spoil addresses for robots: info@[spam.]example.com.
_HONEYPOT = 'span[style*="display:none" i], span[style*="display: none" i], span[hidden]'
_BLOCK_END = "\x1f"
# What no page holds, and no blank as `_BLOCK_END` is.
_NEXT_BLOCK = "\0"
_NO_WIDTH = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
_ANY_NO_WIDTH = re.compile(f"[{_NO_WIDTH}]+")


def visible_text(tree: LexborHTMLParser) -> str:
    """Return the text of the page's body, one line a block; it takes the tree apart.

    Inline elements join their text, so `<b>(212)</b> 555-0100` stays one number; anything else ends
    a line, so the cells of a table do not run into one another. Line breaks of the source are
    spaces, as in a browser.
    """
    tree.strip_tags(_UNSEEN)
    for node in tree.css(_HONEYPOT):
        node.decompose()
    for node in tree.css(_INLINE):
        node.unwrap()
    body = tree.body
    if body is None:
        return ""
    body.merge_text_nodes()
    return _tidy(body.text(separator=_BLOCK_END))[:MAX_TEXT]


def _tidy(text: str) -> str:
    """Collapse the blanks of all blocks at once: a call for each of them takes twice as long."""
    words = without_invisible(text).replace(_BLOCK_END, f" {_NEXT_BLOCK} ").split()
    return "\n".join(filter(None, map(str.strip, " ".join(words).split(_NEXT_BLOCK))))


def without_invisible(text: str) -> str:
    """Return a text without soft hyphens and characters of no width.

    Few texts have any; looking for one after the other takes a tenth of a pattern's time.
    """
    if text.isascii() or not any(letter in text for letter in _NO_WIDTH):
        return text
    return _ANY_NO_WIDTH.sub("", text)


def one_line(text: str | None, limit: int = 1_000) -> str:
    """Collapse every run of spaces to one space and cut at `limit` characters."""
    return " ".join((text or "")[: limit * 4].split())[:limit]
