"""What a page says about itself in its head, and where it leads."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scans.engine.extractors.anchors import MAX_LINKS
from scans.engine.extractors.facts import Link
from scans.engine.extractors.text import one_line
from scans.engine.links import resolve_url

MAX_META = 500
# Images, from the top of the page, among which the logo is looked for.
LOGO_AMONG = 60
_LOGO_ATTRIBUTES = ("class", "id", "alt", "src")

_HOME = re.compile(r"/(?:(?:index|home|default)\.\w+)?$", re.IGNORECASE)
_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*$")
_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"\s]+)", re.I)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")


def resolved(base: str, href: str | None) -> str:
    """Return the absolute http or https URL of a link; empty for any other, or a broken one."""
    href = (href or "").strip()
    if not href or href[0] == "#":
        return ""
    return resolve_url(href, base) or ""


def base_url(tree: LexborHTMLParser, url: str) -> str:
    """Return what relative links start from: `<base href>` or the page's own URL."""
    node = tree.css_first("base[href]")
    return (resolved(url, node.attributes.get("href")) if node else "") or url


def title(tree: LexborHTMLParser) -> str:
    """Return the page's title."""
    node = tree.css_first("head > title") or tree.css_first("title")
    return one_line(node.text(), 500) if node else ""


def meta_values(tree: LexborHTMLParser) -> dict[str, str]:
    """Return every named `<meta>` with content, by lower-case name; the first one wins."""
    values: dict[str, str] = {}
    for node in tree.css("meta[content]")[:MAX_META]:
        attributes = node.attributes
        content = one_line(attributes.get("content"), 2_000)
        for key in ("name", "property", "http-equiv"):
            name = (attributes.get(key) or "").strip().lower()
            if name and content:
                values.setdefault(name, content)
    return values


def open_graph(meta: dict[str, str]) -> dict[str, str]:
    """Return the Open Graph and Twitter card values."""
    wanted = ("og:", "twitter:", "article:", "fb:")
    return {name: value for name, value in meta.items() if name.startswith(wanted)}


def language(tree: LexborHTMLParser, meta: dict[str, str]) -> str:
    """Return the declared language as `en` or `pt-BR`, empty where none is."""
    node = tree.css_first("html")
    attributes = node.attributes if node else {}
    declared = [attributes.get("lang"), attributes.get("xml:lang")]
    declared += [meta.get("content-language"), meta.get("language"), meta.get("og:locale")]
    for value in declared:
        value = (value or "").split(",")[0].strip()
        if _LANGUAGE.match(value):
            return _tidy_language(value)
    return ""


def _tidy_language(value: str) -> str:
    first, *rest = value.replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def refresh_target(meta: dict[str, str], base: str) -> str:
    """Return where a meta refresh leads, empty where it reloads the page itself."""
    found = _REFRESH.match(meta.get("refresh", ""))
    return resolved(base, found[1]) if found else ""


class HeadLinks:
    """The `<link>` elements of a page, sorted by what they are for."""

    def __init__(self, tree: LexborHTMLParser, base: str) -> None:
        self.canonical_url = ""
        self.favicon_url = ""
        self.feeds: list[str] = []
        self.stylesheets: list[str] = []
        self.sitemaps: list[str] = []
        self._icons: dict[str, str] = {}
        for node in tree.css("link[href]")[:MAX_LINKS]:
            attributes = node.attributes
            url = resolved(base, attributes.get("href"))
            if url:
                self._sort_in(set((attributes.get("rel") or "").lower().split()), url, attributes)
        self.favicon_url = self._icons.get("icon") or self._icons.get("apple-touch-icon", "")

    def _sort_in(self, rel: set[str], url: str, attributes: dict[str, str | None]) -> None:
        if "canonical" in rel:
            self.canonical_url = self.canonical_url or url
        if "stylesheet" in rel:
            self.stylesheets.append(url)
        if "alternate" in rel and (attributes.get("type") or "").lower() in _FEED_TYPES:
            self.feeds.append(url)
        if "sitemap" in rel:
            self.sitemaps.append(url)
        for kind in rel & {"icon", "apple-touch-icon"}:
            self._icons.setdefault(kind, url)


def logo(tree: LexborHTMLParser, base: str) -> str:
    """Return the image that calls itself the logo or stands in a box that does.

    One that links to the homepage goes before the others: these may be a partner's or an award.
    """
    first = ""
    for node in tree.css("img")[:LOGO_AMONG]:
        attributes = node.attributes
        around = list(_ancestors(node, 3))
        url = resolved(base, attributes.get("src") or attributes.get("data-src"))
        if url and (_says_logo(attributes) or any(_says_logo(box.attributes) for box in around)):
            if any(_leads_home(box, base) for box in around):
                return url
            first = first or url
    return first


def _ancestors(node: LexborNode, count: int) -> Iterator[LexborNode]:
    parent = node.parent
    while parent is not None and count:
        yield parent
        parent, count = parent.parent, count - 1


def _says_logo(attributes: dict[str, str | None]) -> bool:
    return any("logo" in (attributes.get(name) or "").lower() for name in _LOGO_ATTRIBUTES)


def _leads_home(node: LexborNode, base: str) -> bool:
    if node.tag != "a":
        return False
    url = resolved(base, node.attributes.get("href"))
    return url.count("/") == 3 and _HOME.search(url) is not None


def script_urls(tree: LexborHTMLParser, base: str) -> tuple[str, ...]:
    """Return the addresses of the scripts the page loads."""
    found = (resolved(base, node.attributes.get("src")) for node in tree.css("script[src]"))
    return tuple(dict.fromkeys(url for url in found if url))[:MAX_LINKS]


def sitemap_links(links: tuple[Link, ...]) -> list[str]:
    """Return the links that lead to an XML sitemap."""
    return [link.url for link in links if _is_sitemap(link.url)]


def _is_sitemap(url: str) -> bool:
    lowered = url.lower()
    if "sitemap" not in lowered:
        return False
    path = lowered.partition("?")[0].partition("#")[0]
    return "sitemap" in path and path.endswith((".xml", ".xml.gz", ".txt"))
