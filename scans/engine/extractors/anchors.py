"""The links that visitors of a page can follow, read in one pass."""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from scans.engine.extractors.facts import Link
from scans.engine.extractors.text import one_line
from scans.engine.links import resolve_url

# Twitter and Facebook kept the path of a profile in the fragment: twitter.com/#!/name.
_HASHBANG = re.compile(
    r"^((?:https?:)?//(?:[\w-]+\.)?(?:twitter|facebook)\.com)/#!/", re.IGNORECASE
)
MAX_LINKS = 5_000
MAX_CONTACT_LINKS = 1_000
MAX_TEXT = 200


class Anchors(NamedTuple):
    """The targets of a page's `<a>` and `<area>` elements, in page order."""

    # The absolute web URLs, without duplicates.
    links: tuple[Link, ...]
    # (href, text) of mailto:, tel: and similar links.
    contact_links: list[tuple[str, str]]


def read_anchors(nodes: list[LexborNode], base: str) -> Anchors:
    """Return the links of a page's `<a>` and `<area>` elements, resolved against `base`."""
    links: dict[str, Link] = {}
    contact_links: list[tuple[str, str]] = []
    for node in nodes[: MAX_LINKS * 2]:
        attributes = node.attributes
        href = (attributes.get("href") or "").strip()
        if not href or href[0] == "#":
            continue
        if ":" in href[:12] and not href.startswith("http") and _has_another_scheme(href):
            contact_links.append((href[:500], one_line(node.text(), MAX_TEXT)))
        if "/#!/" in href:
            href = _HASHBANG.sub(r"\1/", href)
        url = resolve_url(href, base)
        if url and (url not in links or not links[url].text):
            text = one_line(node.text(), MAX_TEXT) or _alternative_text(node)
            links[url] = Link(url, text, (attributes.get("rel") or "").strip().lower())
    return Anchors(tuple(links.values())[:MAX_LINKS], contact_links[:MAX_CONTACT_LINKS])


def _has_another_scheme(href: str) -> bool:
    return not href[:5].lower().startswith("http")


def _alternative_text(node: LexborNode) -> str:
    """Return the alternative text of a link's image."""
    image = node.css_first("img[alt]")
    return one_line(image.attributes.get("alt"), MAX_TEXT) if image else ""
