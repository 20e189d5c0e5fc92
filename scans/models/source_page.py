"""The page that a contact was read from, looked up by the hash of its URL."""

from collections.abc import Sequence
from typing import Any

from scans.models.page import Page
from scans.storage import url_hash


class SourcePage:
    """The `Page` with a row's domain and `page_url`, or None; `prefetch_related` can load it.

    There is no foreign key: contacts are stored before the inventory, which may lack their page.
    Only what robots.txt says about the page is loaded.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, row: Any, owner: type) -> Any:
        if row is None:
            return self
        cache = row._state.fields_cache
        if self.name not in cache:
            cache[self.name] = self._pages([row]).first()
        return cache[self.name]

    def is_cached(self, row: Any) -> bool:
        return self.name in row._state.fields_cache

    def get_prefetch_querysets(self, rows: Sequence[Any], querysets: Any = None) -> Any:
        """Return what Django needs to load the pages of many rows in one query.

        https://docs.djangoproject.com/en/5.2/ref/models/querysets/#prefetch-related
        """
        return self._pages(rows), _key_of_page, _key_of_row, True, self.name, False

    def _pages(self, rows: Sequence[Any]) -> Any:
        domains, hashes = zip(*map(_key_of_row, rows), strict=True)
        pages = Page.objects.filter(domain__in=set(domains), url_hash__in=set(hashes))
        return pages.only("domain_id", "url_hash", "disallowed_by")


def _key_of_page(page: Page) -> tuple[Any, bytes]:
    return page.domain_id, bytes(page.url_hash)


def _key_of_row(row: Any) -> tuple[Any, bytes]:
    return row.domain_id, url_hash(row.page_url)
