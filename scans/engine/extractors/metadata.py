"""The metadata in a page's head, and its links."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scans.engine.extractors.anchors import MAX_LINKS
from scans.engine.extractors.facts import Link
from scans.engine.extractors.text import one_line
from scans.engine.links import resolve_url

MAX_META = 500
_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*$")
# The used relations of `<link>` elements; most others are stylesheets and hints.
_USED = frozenset({"canonical", "alternate", "sitemap", "me", "icon", "apple-touch-icon"})
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")


def resolved(base: str, href: str | None) -> str:
    """Return the absolute http or https URL of a link; empty for others and invalid ones."""
    href = (href or "").strip()
    if not href or href[0] == "#":
        return ""
    return resolve_url(href, base) or ""


def base_url(bases: list[LexborNode], url: str) -> str:
    """Return the base of relative links: the first `<base href>` or the page's URL."""
    return (resolved(url, bases[0].attributes.get("href")) if bases else "") or url


def title(tree: LexborHTMLParser) -> str:
    """Return the page's title: its first `<title>` outside of an SVG.

    See https://html.spec.whatwg.org/multipage/dom.html#document.title
    """
    node = tree.css_first("head > title") or next(
        (title for title in tree.css("title")[:MAX_META] if not _is_in_drawing(title)), None
    )
    return one_line(node.text(), 500) if node else ""


def _is_in_drawing(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None and parent.tag != "svg":
        parent = parent.parent
    return parent is not None


def meta_values(metas: list[LexborNode]) -> dict[str, str]:
    """Return all named `<meta>` with content by lower-case name; the first one wins."""
    values: dict[str, str] = {}
    for node in metas[:MAX_META]:
        attributes = node.attributes
        content = one_line(attributes.get("content"), 2_000)
        for key in ("name", "property", "http-equiv"):
            name = (attributes.get(key) or "").strip().lower()
            if name and content:
                values.setdefault(name, content)
    return values


def open_graph(meta: dict[str, str]) -> dict[str, str]:
    """Return the Open Graph and Twitter card values."""
    prefixes = ("og:", "twitter:", "article:", "fb:")
    return {name: value for name, value in meta.items() if name.startswith(prefixes)}


def language(tree: LexborHTMLParser, meta: dict[str, str]) -> str:
    """Return the declared language as `en` or `pt-BR`; empty if there is none.

    Text inherits the language of the nearest ancestor: the body's takes precedence over the root's.
    """
    declared = [
        node.attributes.get(name)
        for node in (tree.body, tree.root)
        if node
        for name in ("lang", "xml:lang")
    ]
    declared += [meta.get("content-language"), meta.get("language"), meta.get("og:locale")]
    for value in declared:
        value = (value or "").split(",")[0].strip()
        if _LANGUAGE.match(value):
            return _tidy_language(value)
    return ""


def _tidy_language(value: str) -> str:
    first, *rest = value.replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


class HeadLinks:
    """The `<link>` elements of a page by purpose."""

    def __init__(self, links: list[LexborNode], base: str) -> None:
        self.canonical_url = ""
        self.favicon_url = ""
        self.feeds: list[str] = []
        self.sitemaps: list[str] = []
        self.own_profiles: list[str] = []
        self._icons: dict[str, str] = {}
        for node in links[:MAX_LINKS]:
            attributes = node.attributes
            rel = _USED.intersection((attributes.get("rel") or "").lower().split())
            if rel and (url := resolved(base, attributes.get("href"))):
                self._sort_in(rel, url, attributes)
        self.favicon_url = self._icons.get("icon") or self._icons.get("apple-touch-icon", "")

    def _sort_in(self, rel: frozenset[str], url: str, attributes: dict[str, str | None]) -> None:
        if "canonical" in rel:
            self.canonical_url = self.canonical_url or url
        if "alternate" in rel and (attributes.get("type") or "").lower() in _FEED_TYPES:
            self.feeds.append(url)
        if "sitemap" in rel:
            self.sitemaps.append(url)
        if "me" in rel:
            self.own_profiles.append(url)
        for kind in rel & {"icon", "apple-touch-icon"}:
            self._icons.setdefault(kind, url)


def sitemap_links(links: tuple[Link, ...]) -> list[str]:
    """Return the links that lead to an XML sitemap."""
    named = [url for url, _, _ in links if "itemap" in url or "ITEMAP" in url]
    return [url for url in named if _is_sitemap(url)]


def _is_sitemap(url: str) -> bool:
    lowered = url.lower()
    if "sitemap" not in lowered:
        return False
    path = lowered.partition("?")[0].partition("#")[0]
    return "sitemap" in path and path.endswith((".xml", ".xml.gz", ".txt"))
