"""What a page says about itself in its head, and where it leads."""

import re
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scans.engine.extractors.facts import Link
from scans.engine.extractors.text import one_line

MAX_LINKS = 5_000
MAX_URL = 2_000

_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*$")
_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"\s]+)", re.I)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")


def absolute(base: str, href: str | None) -> str:
    """Resolve a link; empty for what is not http or https, or cannot be read."""
    href = (href or "").strip()
    if not href or len(href) > MAX_URL or href.startswith("#"):
        return ""
    if _SCHEME.match(href) and not href[:5].lower().startswith("http"):
        return ""
    try:
        url = urljoin(base, href)
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def base_url(tree: LexborHTMLParser, url: str) -> str:
    """Return what relative links start from: `<base href>` or the page's own URL."""
    node = tree.css_first("base[href]")
    return (absolute(url, node.attributes.get("href")) if node else "") or url


def title(tree: LexborHTMLParser) -> str:
    """Return the page's title."""
    node = tree.css_first("head > title") or tree.css_first("title")
    return one_line(node.text(), 500) if node else ""


def meta_values(tree: LexborHTMLParser) -> dict[str, str]:
    """Return every named `<meta>` with content, by lower-case name; the first one wins."""
    values: dict[str, str] = {}
    for node in tree.css("meta[content]"):
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
    return absolute(base, found[1]) if found else ""


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
            url = absolute(base, attributes.get("href"))
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
    """Return the image that calls itself the logo, the one in a header or a home link first."""
    candidates = tree.css(
        'img[class*="logo" i], img[id*="logo" i], img[alt*="logo" i], img[src*="logo" i], '
        '[class*="logo" i] img, [id*="logo" i] img'
    )
    for node in candidates[:20]:
        attributes = node.attributes
        url = absolute(base, attributes.get("src") or attributes.get("data-src"))
        if url:
            return url
    return ""


def page_links(tree: LexborHTMLParser, base: str) -> tuple[Link, ...]:
    """Return the http and https links of the page, in its order, each once."""
    links: dict[str, Link] = {}
    for node in tree.css("a[href], area[href]")[: MAX_LINKS * 2]:
        attributes = node.attributes
        url = absolute(base, attributes.get("href"))
        if url and (url not in links or not links[url].text):
            links[url] = Link(url, _link_text(node), (attributes.get("rel") or "").strip().lower())
    return tuple(links.values())[:MAX_LINKS]


def _link_text(node: LexborNode) -> str:
    text = one_line(node.text(), 200)
    if text:
        return text
    image = node.css_first("img[alt]")
    return one_line(image.attributes.get("alt"), 200) if image else ""


def script_urls(tree: LexborHTMLParser, base: str) -> tuple[str, ...]:
    """Return the addresses of the scripts the page loads."""
    found = (absolute(base, node.attributes.get("src")) for node in tree.css("script[src]"))
    return tuple(dict.fromkeys(url for url in found if url))[:MAX_LINKS]


def sitemap_links(links: tuple[Link, ...]) -> list[str]:
    """Return the links that lead to an XML sitemap."""
    return [link.url for link in links if _is_sitemap(link.url)]


def _is_sitemap(url: str) -> bool:
    path = urlsplit(url).path.lower()
    return "sitemap" in path and path.endswith((".xml", ".xml.gz", ".txt"))
