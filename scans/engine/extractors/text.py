"""The visible text of a page, with one line per block."""

import re
from collections.abc import Iterable, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scans.engine.extractors.style_sheets import hiding_selectors

# Maximum characters of visible text; the longest of 3,154 real pages had 310,000.
MAX_TEXT = 500_000

# What a visitor does not see of a page, and what does not end a line; a `wbr` is where one may.
_TO_DROP = ("script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "wbr")
_INLINE = (
    *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "label"),
    *("mark", "nobr", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt"),
    "u",
)
# A set of tags is looked up faster than a list of selectors is tried at every element.
_BY_TAG = dict.fromkeys(_TO_DROP, LexborNode.decompose) | dict.fromkeys(_INLINE, LexborNode.unwrap)
# Hidden words inserted into addresses to mislead robots, info@[spam.]example.com, and the elements
# that hold them within a line.
_HIDDEN = '[style*="display:none" i], [style*="display: none" i], [hidden]'
_HONEYPOTS = frozenset(["span", "i", "b", "em", "strong", "small", "font", "u", "s", "code"])
_BLOCK_END = "\x1f"
_DIGITS_AS_ZEROS = bytes(ord("0" if chr(byte) in "0123456789" else " ") for byte in range(256))
_NO_WIDTH = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
_ANY_NO_WIDTH = re.compile(f"[{_NO_WIDTH}]+")


def visible_text(tree: LexborHTMLParser, styles: Iterable[LexborNode] = ()) -> str:
    """Return the text of the page's body, one line per block; this dismantles the tree.

    Words within a line that `styles`, the page's style elements, hide are left out.
    Inline elements are joined, so `<b>(212)</b> 555-0100` stays one number; all others end a line,
    so table cells do not run together. Line breaks in the source are spaces, as in browsers.
    """
    # The inner ones first: they go with the outer ones.
    for node in reversed(tree.css(_hidden_selector(styles))):
        if node.tag in _HONEYPOTS:
            node.decompose()
    for node in reversed(tree.css("*")):
        if change := _BY_TAG.get(node.tag or ""):
            change(node)
    body = tree.body
    if body is None:
        return ""
    body.merge_text_nodes()
    return _tidy(body.text(separator=_BLOCK_END))[:MAX_TEXT]


def _hidden_selector(styles: Iterable[LexborNode]) -> str:
    by_styles = hiding_selectors("\n".join(node.text() for node in styles))
    return f"{_HIDDEN}, {by_styles}" if by_styles else _HIDDEN


def _tidy(text: str) -> str:
    """Collapse the white space in each block, and leave out empty ones."""
    blocks = without_invisible(text).split(_BLOCK_END)
    return "\n".join(filter(None, (" ".join(block.split()) for block in blocks)))


def without_invisible(text: str) -> str:
    """Return a text without soft hyphens and zero-width characters.

    Few texts have any; searching for them one by one is ten times faster than a pattern.
    """
    if text.isascii() or not any(letter in text for letter in _NO_WIDTH):
        return text
    return _ANY_NO_WIDTH.sub("", text)


def digit_groups(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the groups of ASCII digits in a text.

    Bytes are searched for a single one, three times faster than a pattern finds one of ten digits.
    """
    plain = text.encode("ascii", "replace").translate(_DIGITS_AS_ZEROS) + b" "
    start = plain.find(b"0")
    while start >= 0:
        end = plain.find(b" ", start)
        yield start, end
        start = plain.find(b"0", end)


def occurrences(text: str, part: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each place where a text holds a part, without overlaps."""
    start = text.find(part)
    while start >= 0:
        end = start + len(part)
        yield start, end
        start = text.find(part, end)


def one_line(text: str | None, limit: int = 1_000) -> str:
    """Collapse runs of spaces and truncate to `limit` characters."""
    return " ".join((text or "")[: limit * 4].split())[:limit]
