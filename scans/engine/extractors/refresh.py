"""Declarative refresh: the `Refresh` header and `<meta http-equiv=refresh>` (HTML, 4.2.5.3)."""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scans.engine.links import resolve_url

# Maximum characters read of a value, and elements examined.
LONGEST = 4_000
MAX_ELEMENTS = 20

_REFRESHES = 'meta[http-equiv="refresh" i][content]'
# The shared declarative refresh steps: the delay without its fraction, then the URL.
_STEPS = re.compile(
    r"[\t\n\f\r ]*(?:([0-9]+)|(?=\.))[0-9.]*"
    r"(?:\Z|(?=[;,\t\n\f\r ])[\t\n\f\r ]*[;,]?[\t\n\f\r ]*(.*))",
    re.DOTALL,
)
_URL_IS = re.compile(r"url[\t\n\f\r ]*=[\t\n\f\r ]*", re.IGNORECASE)


class Refresh(NamedTuple):
    """A refresh: target and delay in seconds."""

    url: str = ""
    delay: int = 0
    # Whether it applies only without JavaScript.
    in_noscript: bool = False


NONE = Refresh()


def header_refresh(value: str, url: str) -> Refresh:
    """Return the refresh in the `Refresh` header of a response from `url`."""
    # http.client reads headers as Latin-1; servers send UTF-8.
    return _refresh(value.encode("latin-1", "replace").decode("utf-8", "replace"), url)


def meta_refresh(tree: LexborHTMLParser, base: str) -> Refresh:
    """Return the document's first refresh with a URL or delay."""
    for node in tree.css(_REFRESHES)[:MAX_ELEMENTS]:
        content = node.attributes.get("content") or ""
        if _STEPS.match(content[:LONGEST]):
            result = _refresh(content, base)
            return result._replace(in_noscript=_is_in_noscript(node)) if result.url else NONE
    return NONE


def _refresh(value: str, base: str) -> Refresh:
    """Parse `<seconds>; url=<address>`; reloading the same page does not count."""
    steps = _STEPS.match(value[:LONGEST])
    if not steps:
        return NONE
    address = _address(steps[2] or "")
    target = resolve_url(address, base) if address else None
    return Refresh(target, int((steps[1] or "0")[:9])) if target else NONE


def _address(text: str) -> str:
    """Return the URL after `url =`, without quotes."""
    named = _URL_IS.match(text)
    text = text[named.end() :] if named else text
    if text[:1] in ("'", '"'):
        text = text[1:].partition(text[0])[0]
    return text.strip("\t\n\f\r ")


def _is_in_noscript(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None and parent.tag != "noscript":
        parent = parent.parent
    return parent is not None
