"""Cut what no real page holds before the parser sees it.

A parser of the HTML standard is quadratic in the attributes of one tag and in the depth of nesting:
200,000 attributes take lexbor over a minute, and it cannot be stopped. Real pages stay under 100 of
either.
"""

import re

MAX_ATTRIBUTES = 256
MAX_DEPTH = 2_000

_ATTRIBUTE = (
    r"[\s/]*+[^\s/>][^\s/>=]*+"  # a name; the standard lets one begin with `=`
    r"(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>\"'][^\s>]*+|(?=>)))?+"
)
_RAW = "script|style|textarea|title|xmp|iframe|noembed|noframes"
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    rf"|<(?P<close>/?)(?P<name>[a-zA-Z][^\s/>]*+)"
    rf"(?P<kept>(?:{_ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}+)(?P<surplus>(?:{_ATTRIBUTE})*+)[\s/]*+>?",
    re.DOTALL,
)
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW.split("|")}
_NEVER_NESTS = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "dt",
        "dd",
        "option",
        "optgroup",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
        "rp",
        "rt",
        "colgroup",
        "head",
        "body",
        "html",
    ]
)


def bound(html: str) -> str:
    """Return the page with surplus attributes dropped, cut off where it nests too deep.

    Linear in the page: it reads tags as the HTML standard's tokeniser does.
    """
    depth = _Depth()
    kept: list[str] = []
    copied = position = 0
    while token := _TOKEN.search(html, position):
        position = token.end()
        name = token["name"]
        if name is None:
            continue
        if token["surplus"]:
            kept.append(html[copied : token.start("surplus")])
            copied = token.end("surplus")
        name = name.lower()
        if depth.passed_by(name, bool(token["close"])):
            kept.append(html[copied : token.start()])
            return "".join(kept)
        if name in _RAW_END and not token["close"]:
            end = _RAW_END[name].search(html, position)
            position = end.start() if end else len(html)
    return "".join([*kept, html[copied:]]) if kept else html


class _Depth:
    """How many elements are open, counted by name so that stray end tags do not hide any."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._total = 0

    def passed_by(self, name: str, closes: bool) -> bool:
        """Count a tag and tell whether it nests deeper than a page may."""
        if name in _NEVER_NESTS:
            return False
        if not closes:
            self._open[name] = self._open.get(name, 0) + 1
            self._total += 1
        elif self._open.get(name, 0) > 0:
            self._open[name] -= 1
            self._total -= 1
        return self._total > MAX_DEPTH
