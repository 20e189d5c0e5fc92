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
        """Add the pages a sitemap names; what links found first gets the sitemap's dates."""
        for entry in entries:
            known = self._entries.get(entry.loc)
            if known is None and self.is_full:
                continue
            key = entry.loc if known else canonical_url(entry.loc)
            if key and (key in self._entries or is_internal(key, self.host)):
                self._entries[key] = self._merged(key, entry)

    def _merged(self, key: str, entry: SitemapEntry) -> PageEntry:
        known = self._entries.get(key)
        return PageEntry(
            url=key,
            source=known.source if known else "sitemap",
            page_type=known.page_type if known else page_type(key),
            lastmod=entry.lastmod,
            changefreq=entry.changefreq,
            priority=entry.priority,
        )
