"""The result of reading one sitemap."""

from dataclasses import dataclass, field
from typing import NamedTuple


class SitemapEntry(NamedTuple):
    """One page as a sitemap names it; `lastmod` is ISO 8601, or an empty string."""

    loc: str
    lastmod: str = ""
    changefreq: str = ""
    priority: float | None = None


@dataclass(slots=True)
class ParsedSitemap:
    """The content of one sitemap, and a sentence about what is wrong with it."""

    # urlset, index, rss, atom, text; empty if it is no sitemap.
    kind: str = ""
    entries: list[SitemapEntry] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    error: str = ""
    # Read, after decompression.
    bytes: int = 0
    # Whether reading stopped at a limit, of URLs or of bytes.
    truncated: bool = False
    # Whether there may be more in it than was read: it is damaged, or not a sitemap.
    is_cut: bool = False

    def cut_off(self, error: str) -> None:
        """Note why the rest of the file, or all of it, was not read."""
        self.error, self.is_cut = error, True


class Finished(Exception):  # noqa: N818 (leaves the parser, is no error)
    """Everything wanted has been read."""
