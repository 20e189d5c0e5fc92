"""Collect the pages of a site from its links and sitemaps, one entry per canonical URL."""

from collections import Counter
from collections.abc import Callable, Iterable

from scans.engine.extractors.facts import Link
from scans.engine.links import canonical_form, canonical_url, is_internal
from scans.engine.page_types import page_type
from scans.engine.report import PageEntry
from scans.engine.sitemaps import SitemapEntry


class Inventory:
    """Collect the pages of one site up to a limit, in the order in which they are discovered.

    Links and sitemap entries must be resolved by `resolve_url`.
    """

    def __init__(self, host: str, max_pages: int) -> None:
        self.host = host
        self.max_pages = max_pages
        self._entries: dict[str, PageEntry] = {}
        self._internal: dict[str, bool] = {}
        self._linked: set[str] = set()
        self._listed: set[str] = set()

    @property
    def entries(self) -> tuple[PageEntry, ...]:
        """Return the pages collected so far."""
        return tuple(self._entries.values())

    @property
    def is_full(self) -> bool:
        """Return whether the limit is reached, so that pages may be missing."""
        return len(self._entries) >= self.max_pages

    def add_home(self, url: str) -> None:
        """Add the homepage, which belongs to the site regardless of its host."""
        key = canonical_url(url) or url
        self._entries[key] = PageEntry(key, "home", "home")

    def add_links(self, links: Iterable[Link]) -> None:
        """Add the pages of the site that a page links to."""
        for link in links:
            if self._is_internal(link.url):
                key = canonical_form(link.url)
                self._add(key, "link", link.text)
                self._linked.add(key)

    def add_sitemap(self, entries: Iterable[SitemapEntry]) -> None:
        """Add the pages in the site's sitemaps; pages already known get their dates."""
        for entry in entries:
            key = entry.loc if entry.loc in self._entries else canonical_form(entry.loc)
            self._add(key, "sitemap")
            self._listed.add(key)
            if key in self._entries:
                self._entries[key] = _dated(self._entries[key], entry)

    def described(
        self, opened: set[str], disallowed_by: Callable[[str], str]
    ) -> tuple[PageEntry, ...]:
        """Return the pages with their sources, whether they were opened and what disallows them."""
        return tuple(
            entry._replace(
                in_sitemap=key in self._listed,
                is_linked=key in self._linked,
                is_opened=key in opened,
                disallowed_by=disallowed_by(key),
            )
            for key, entry in self._entries.items()
        )

    def _add(self, key: str, source: str, text: str = "") -> None:
        if key not in self._entries and len(self._entries) < self.max_pages:
            self._entries[key] = PageEntry(key, source, page_type(key, text))

    def _is_internal(self, url: str) -> bool:
        """Cached per origin, of which the links of a page share a few."""
        origin = "/".join(url.split("/", 3)[:3])
        if origin not in self._internal:
            self._internal[origin] = is_internal(origin, self.host)
        return self._internal[origin]


def _dated(page: PageEntry, entry: SitemapEntry) -> PageEntry:
    return PageEntry(
        page.url, page.source, page.page_type, entry.lastmod, entry.changefreq, entry.priority
    )


def reported(
    pages: tuple[PageEntry, ...], inventory: str
) -> tuple[tuple[PageEntry, ...], dict[str, int]]:
    """Return the pages to report, and the number per type if some are left out."""
    if inventory == "all":
        return pages, {}
    typed = tuple(page for page in pages if page.page_type != "other")
    return typed if inventory == "typed" else (), dict(Counter(page.page_type for page in pages))
