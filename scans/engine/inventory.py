"""The pages of a site: from its links and sitemaps, one entry a canonical URL."""

from collections.abc import Iterable

from scans.engine.extractors.facts import Link
from scans.engine.links import canonical_url, is_internal
from scans.engine.page_types import page_type
from scans.engine.report import PageEntry
from scans.engine.sitemaps import SitemapEntry


class Inventory:
    """Collect the pages of one site up to a limit, in the order they were found."""

    def __init__(self, host: str, max_pages: int) -> None:
        self.host = host
        self.max_pages = max_pages
        self._entries: dict[str, PageEntry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> tuple[PageEntry, ...]:
        """Return the pages found so far."""
        return tuple(self._entries.values())

    @property
    def is_full(self) -> bool:
        return len(self._entries) >= self.max_pages

    def add_home(self, url: str) -> None:
        """Add the homepage, which is of the site wherever it stands."""
        key = canonical_url(url) or url
        self._entries[key] = PageEntry(key, "home", "home")

    def add_links(self, links: Iterable[Link]) -> None:
        """Add the internal pages that a page links to."""
        for link in links:
            if self.is_full:
                return
            key = canonical_url(link.url)
            if key and key not in self._entries and is_internal(key, self.host):
                self._entries[key] = PageEntry(key, "link", page_type(key, link.text))

    def add_sitemap(self, entries: Iterable[SitemapEntry]) -> None:
        """Add the pages that the site's sitemaps name; what links found first gets their dates."""
        for entry in entries:
            key = entry.loc if entry.loc in self._entries else canonical_url(entry.loc)
            if key in self._entries:
                self._entries[key] = _dated(self._entries[key], entry)
            elif key and not self.is_full:
                found = PageEntry(key, "sitemap", page_type(key))
                self._entries[key] = _dated(found, entry)


def _dated(page: PageEntry, entry: SitemapEntry) -> PageEntry:
    return PageEntry(
        page.url, page.source, page.page_type, entry.lastmod, entry.changefreq, entry.priority
    )
