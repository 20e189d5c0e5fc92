"""Find what the style elements of a page hide.

A browser does not display `info@<b class="x">spam.</b>bakery.com` in full where `.x` is hidden.
"""

import re
from collections.abc import Iterator
from itertools import islice

# Maximum number of hiding rules read per page, and characters before one that hold its selector.
MOST = 30
# Characters of style sheets that are read.
LONGEST = 200_000
LONGEST_SELECTOR = 300

_HIDES = re.compile(r"none(?<=display:none|isplay: none|splay : none)")
_COMPOUND = r"[a-z]{0,10}(?:[.#][a-z_-][\w-]{0,60}){1,3}"
# Classes and ids, perhaps inside others; what depends on a state or an order may be visible.
_SELECTOR = re.compile(rf"(?:(?:{_COMPOUND}|[a-z]{{1,10}})[ >]{{1,3}}){{0,3}}{_COMPOUND}", re.I)
_LAST_NAME = re.compile(r"[.#][\w-]+\Z")


def hiding_selectors(css: str) -> str:
    """Return the selectors whose elements a style sheet never displays, comma-separated.

    Rules for certain media do not count, nor classes that another rule may show again.
    """
    css = css[:LONGEST]
    selectors = (
        selector
        for rule in islice(_hiding_rules(css), MOST)
        for selector in map(str.strip, rule.split(","))
        if _SELECTOR.fullmatch(selector) and _is_styled_once(css, selector)
    )
    return ", ".join(dict.fromkeys(selectors))


def _hiding_rules(css: str) -> Iterator[str]:
    """Yield what precedes the braces of each rule that hides elements, outside of other braces."""
    for hides in islice(_HIDES.finditer(css), 10 * MOST):
        opened = css.rfind("{", max(0, hides.start() - LONGEST_SELECTOR), hides.start())
        if opened < 0 or css.find("}", opened, hides.start()) >= 0:
            continue
        if css.count("{", 0, opened) == css.count("}", 0, opened):
            first = max(0, opened - LONGEST_SELECTOR)
            start = max(css.rfind(end, first, opened) for end in ("}", "*/", ";"))
            yield css[max(first, start) : opened].lstrip("}*/;")


def _is_styled_once(css: str, selector: str) -> bool:
    name = _LAST_NAME.search(selector)
    return name is not None and css.count(name[0]) == 1
