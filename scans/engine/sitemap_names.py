"""Map the elements of sitemaps and feeds to their roles, by local name."""

from collections.abc import Mapping

# Roles of elements. Plain strings, because they are compared 250,000 times per file.
OTHER, ROOT = "", "root"
# Items that name a page, and those that name a sitemap.
PAGE, SITEMAP = "page", "sitemap"
# Within an item.
LOCATION, MODIFIED, PUBLISHED = "loc", "lastmod", "published"
FREQUENCY, PRIORITY = "changefreq", "priority"

ITEMS = frozenset({PAGE, SITEMAP})
_IN_SITEMAPS = {
    "urlset": ROOT, "sitemapindex": ROOT, "url": PAGE, "sitemap": SITEMAP, "loc": LOCATION,
    "lastmod": MODIFIED, "changefreq": FREQUENCY, "priority": PRIORITY,
}  # fmt: skip
_IN_RSS = {
    "rss": ROOT, "rdf": ROOT, "channel": ROOT, "item": PAGE, "link": LOCATION, "pubdate": MODIFIED,
}  # fmt: skip
_IN_ATOM = {
    "feed": ROOT, "entry": PAGE, "link": LOCATION, "updated": MODIFIED, "published": PUBLISHED,
}  # fmt: skip
_NAMES = {"urlset": _IN_SITEMAPS, "index": _IN_SITEMAPS, "rss": _IN_RSS, "atom": _IN_ATOM}
# The kind of a file by the local name of its root element.
KINDS = {
    "urlset": "urlset", "sitemapindex": "index", "url": "urlset", "sitemap": "index",
    "rss": "rss", "rdf": "rss", "feed": "atom",
}  # fmt: skip
# Usual prefixes of extensions, for files that do not declare them.
_EXTENSIONS = frozenset(
    ["atom", "codesearch", "content", "dc", "feedburner", "geo", "image", "itunes", "media",
     "mobile", "news", "pagemap", "slash", "sy", "video", "wfw", "xhtml"]
)  # fmt: skip
# Parts of the namespaces of sitemaps and feeds themselves.
_OWN_NAMESPACES = ("schemas/sitemap/", "purl.org/rss", "w3.org/2005/atom")


class Roles:
    """The roles of elements by qualified name, cached.

    The local name decides, regardless of its prefix, unless the prefix belongs to an extension
    (`image:loc` is not a page).
    """

    def __init__(self, kind: str, root: str) -> None:
        self.known: dict[str, str] = {}
        self._names = _NAMES[kind]
        self._own_prefixes = {"", root.rpartition(":")[0]}
        self._namespaces: dict[str, str] = {}

    def declare(self, attributes: Mapping[str, str]) -> None:
        """Register the prefixes declared by an element (`xmlns:image`)."""
        for name, value in attributes.items():
            if name.startswith("xmlns:"):
                self._namespaces.setdefault(name[6:], value.lower())

    def of(self, name: str) -> str:
        """Return the role of an element."""
        if name not in self.known:
            self.known[name] = self._work_out(name)
        return self.known[name]

    def _work_out(self, name: str) -> str:
        if name.lower() == "dc:date":
            return MODIFIED
        prefix, _, local = name.rpartition(":")
        return OTHER if self._is_foreign(prefix) else self._names.get(local.lower(), OTHER)

    def _is_foreign(self, prefix: str) -> bool:
        if prefix in self._own_prefixes:
            return False
        namespace = self._namespaces.get(prefix)
        if namespace is None:
            return prefix.lower() in _EXTENSIONS
        return not any(part in namespace for part in _OWN_NAMESPACES)
