"""Read sitemaps with one URL per line (sitemaps.org, "Text file")."""

from collections.abc import Iterable

from scans.engine.links import MAX_URL
from scans.engine.schemeless import with_scheme
from scans.engine.sitemap_parts import Finished, ParsedSitemap, SitemapEntry
from scans.engine.sitemap_values import is_absolute


class TextReader:
    """A sitemap with one URL per line."""

    def __init__(self, parsed: ParsedSitemap, url: str, max_urls: int) -> None:
        self._parsed = parsed
        self._url = url
        self._max_urls = max_urls
        self._refused = 0

    def read(self, blocks: Iterable[str]) -> None:
        """Read the blocks of text up to the limit of URLs."""
        held = ""
        try:
            for block in blocks:
                *lines, held = (held + block).split("\n")
                self._add(lines)
                # An endless line is kept only until it is known to be too long.
                held = held[: MAX_URL * 2]
            self._add([held])
        except Finished:
            pass
        if self._refused:
            self._parsed.error = f"{self._refused:,} of its lines are not URLs."

    def _add(self, lines: list[str]) -> None:
        for line in lines:
            loc = line.strip()
            if not loc or loc.startswith("#"):
                continue
            if not is_absolute(loc):
                loc = with_scheme(loc, self._url)
            if len(loc) > MAX_URL or not is_absolute(loc):
                self._refused += 1
                continue
            if len(self._parsed.entries) >= self._max_urls:
                self._parsed.truncated = True
                raise Finished
            self._parsed.entries.append(SitemapEntry(loc))
