"""The text a visitor sees, with blocks on lines of their own."""

import re

from selectolax.lexbor import LexborHTMLParser

MAX_TEXT = 500_000
"""Characters of visible text that are kept; the longest of 3,154 real pages had 310,000."""

UNSEEN = ["script", "style", "noscript", "template", "svg", "iframe", "object", "canvas"]
INLINE = [
    "a",
    "abbr",
    "acronym",
    "b",
    "bdi",
    "bdo",
    "big",
    "cite",
    "code",
    "data",
    "dfn",
    "em",
    "font",
    "i",
    "ins",
    "kbd",
    "label",
    "mark",
    "nobr",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "time",
    "tt",
    "u",
    "var",
    "wbr",
]

_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?(?:\n ?)+")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f"))


def visible_text(tree: LexborHTMLParser) -> str:
    """Return the text of the page's body, one line a block; it takes the tree apart.

    Inline elements join their text, so `<b>(212)</b> 555-0100` stays one number; anything else ends
    a line, so the cells of a table do not run into one another.
    """
    tree.strip_tags(UNSEEN)
    tree.unwrap_tags(INLINE)
    body = tree.body
    if body is None:
        return ""
    body.merge_text_nodes()
    return tidy_lines(body.text(separator="\n"))[:MAX_TEXT]


def tidy_lines(text: str) -> str:
    """Collapse blanks within lines, drop empty lines and characters of no width."""
    return _LINES.sub("\n", _BLANKS.sub(" ", text.translate(_INVISIBLE))).strip()


def one_line(text: str | None, limit: int = 1_000) -> str:
    """Collapse every run of blanks to one space and cut at `limit` characters."""
    return " ".join((text or "")[: limit * 4].split())[:limit]
