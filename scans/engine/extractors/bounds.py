"""Cut what no real page contains before parsing.

A parser of the HTML standard is quadratic in the attributes of one tag and in the depth of nesting:
200,000 attributes take lexbor over a minute, and it cannot be stopped. Real pages stay under 100 of
either.
"""

import re
from collections import Counter

MAX_ATTRIBUTES = 256
MAX_DEPTH = 2_000
MAX_TAGS = 60_000
# Number of start tags below which depth is not checked: at this depth, lexbor takes 20 ms.
DEPTH_IS_COUNTED_FROM = 4_000

_ATTRIBUTE = (
    r"(?:[ ][a-zA-Z-]++=\"[^\"]*+\"|"  # the most common form first, then everything in the standard
    r"[\s/]*+[^\s/>][^\s/>=]*+"  # a name; the standard allows a leading `=`
    r"(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>\"'][^\s>]*+|(?=>|\Z)))?+)"
)
_ATTRIBUTES = rf"(?:{_ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}+"
_COMMENT = r"<!--(?:-?>|(?s:.*?)(?:--!?>|\Z))"
_TOKEN = re.compile(
    rf"{_COMMENT}|<(?P<close>/?)(?P<name>[a-zA-Z][^\s/>]*+)"
    rf"(?P<kept>{_ATTRIBUTES})(?P<surplus>(?:{_ATTRIBUTE})*+)[\s/]*+>?"
)
# Elements with text content, in which `<` does not start a tag.
_RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}
_RAW_ELEMENT = "|".join(
    rf"(?i:{name})(?=[\s/>]){_ATTRIBUTES}[\s/]*+>"
    rf"[^<]*+(?:<(?!/(?i:{name})[\s/>])[^<]*+)*+"
    for name in _RAW
)
_TAG = rf"[a-zA-Z][^\s/>]*+{_ATTRIBUTES}[\s/]*+>"
# Matches as much of a page as has no tag with surplus attributes: 0.6 ms per page.
_ORDINARY = re.compile(
    r"(?:[^<]++|</[a-zA-Z]++>|(?:<(?=<))++"
    rf"|<(?![sS][cCtT][rRyY]|[tT][eEiI]|[xX]|[iI][fF]|[nN][oO]){_TAG}"  # certainly not a raw one
    rf"|<(?:{_RAW_ELEMENT})|<(?!(?i:{'|'.join(_RAW)})[\s/>])/?{_TAG}"
    rf"|{_COMMENT}|<(?![a-zA-Z/])|</(?![a-zA-Z]))*+"
)
_START_TAG = re.compile("<[a-zA-Z]")
# Elements without content, or closed implicitly by the next one of their kind.
_NEVER_NESTS = frozenset(
    [
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr", "p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th"),
        *("thead", "tbody", "tfoot", "rp", "rt", "colgroup", "head", "body", "html"),
    ]
)


def bound(html: str) -> str:
    """Return the page without surplus attributes, truncated where it nests too deeply.

    Linear in the size of the page; tags are read like in the HTML standard's tokeniser.
    """
    ordinary = _ORDINARY.match(html)
    if ordinary and ordinary.end() == len(html) and not _has_many_tags(html):
        return html
    return _cut(html)


def _has_many_tags(html: str) -> bool:
    if html.count("<") < DEPTH_IS_COUNTED_FROM:
        return False
    return len(_START_TAG.findall(html)) >= DEPTH_IS_COUNTED_FROM


def _cut(html: str) -> str:
    depth = _Depth()
    kept: list[str] = []
    copied = position = 0
    while token := _TOKEN.search(html, position):
        position = token.end()
        if token["name"] is None:
            continue
        if token["surplus"]:
            kept.append(html[copied : token.start("surplus")])
            copied = token.end("surplus")
        name = token["name"].lower()
        if depth.passed_by(name, bool(token["close"])):
            return "".join([*kept, html[copied : token.start()]])
        if name in _RAW_END and not token["close"]:
            end = _RAW_END[name].search(html, position)
            position = end.start() if end else len(html)
    return "".join([*kept, html[copied:]])


class _Depth:
    """Counts tags and open elements.

    Elements are counted by name, so that stray end tags cannot hide any.
    """

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._total = 0
        self._tag_count = 0

    def passed_by(self, name: str, closes: bool) -> bool:
        """Count a tag; return whether it exceeds the limit of tags or depth."""
        self._tag_count += 1
        if self._tag_count > MAX_TAGS:
            return True
        if name in _NEVER_NESTS:
            return False
        if not closes:
            self._open[name] += 1
            self._total += 1
        elif self._open[name] > 0:
            self._open[name] -= 1
            self._total -= 1
        return self._total > MAX_DEPTH
