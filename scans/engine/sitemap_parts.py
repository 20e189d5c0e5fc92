"""The result of reading one sitemap."""

from dataclasses import dataclass, field
from typing import NamedTuple


class SitemapEntry(NamedTuple):
    """A page listed in a sitemap; `lastmod` is ISO 8601 or empty."""

    loc: str
    lastmod: str = ""
    changefreq: str = ""
    priority: float | None = None


@dataclass(slots=True)
class ParsedSitemap:
    """The content of one sitemap, and a sentence about its faults."""

    # urlset, index, rss, atom, text; empty if it is not a sitemap.
    kind: str = ""
    entries: list[SitemapEntry] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    error: str = ""
    # Bytes read, after decompression.
    bytes: int = 0
    # Whether reading stopped at the limit of URLs or bytes.
    truncated: bool = False
    # Whether it may contain more than was read, because it is damaged or not a sitemap.
    is_cut: bool = False

    def cut_off(self, error: str) -> None:
        """Record why the rest of the file, or all of it, was not read."""
        self.error, self.is_cut = error, True


class Finished(Exception):  # noqa: N818 (leaves the parser, is no error)
    """Everything wanted has been read."""
