"""Read one sitemap in any format (sitemaps.org), streaming, as far as it is readable."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from scans.engine.sitemap_lines import TextReader
from scans.engine.sitemap_parts import ParsedSitemap, SitemapEntry
from scans.engine.sitemap_text import BLOCK, SitemapBytes
from scans.engine.sitemap_values import is_absolute, is_whole_address
from scans.engine.sitemap_xml import XmlReader

__all__ = ["ParsedSitemap", "SitemapEntry", "parse_sitemap"]

# Number of characters within which a sitemap must begin.
HEAD = BLOCK
# Characters of an invalid file quoted in the error.
QUOTED = 60

_BEGINNING = re.compile(
    r"<!--|<!(?P<doctype>DOCTYPE)(?:\s+html\b(?P<html>))?|<(?P<page>html)\b"
    r"|<(?P<prefix>[\w.-]{1,40}:)?(?P<root>urlset|sitemapindex|rss|feed|RDF|url|sitemap)(?=[\s>/])",
    re.IGNORECASE,
)
_ROOT = re.compile(r"<(?![?!/])([^\s/>]{1,40})")
_CUT_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(?:urlset|sitemapindex)[^>]{0,2000}\Z", re.IGNORECASE)
_COMMENT_LINES = re.compile(r"\s*(?:#[^\n]*\n\s*)*")


def parse_sitemap(
    chunks: Iterable[bytes], url: str, max_urls: int, max_bytes: int
) -> ParsedSitemap:
    """Read a sitemap from the chunks of its file, limited in URLs and unpacked bytes.

    Never raises because of the content: broken XML, damaged gzip, a web page, or a file without
    pages and sitemaps yield what was readable and a sentence in `error`. Exceptions from the chunk
    iterator propagate. Any DOCTYPE is rejected, so there are no entities to expand. `loc` is
    absolute, as given, up to 2,000 characters; children are resolved.
    """
    parsed = ParsedSitemap()
    source = SitemapBytes(chunks, max_bytes)
    try:
        _read(source.text_blocks(), parsed, url, max_urls)
    finally:
        parsed.bytes = source.read
        parsed.truncated = parsed.truncated or source.truncated
        parsed.error = source.error or parsed.error
        parsed.is_cut = parsed.is_cut or source.error != ""
    return parsed


def _read(blocks: Iterator[str], parsed: ParsedSitemap, url: str, max_urls: int) -> None:
    head, beginning = _find_beginning(blocks, url)
    if _is_text(head, url):
        parsed.kind = "text"
        TextReader(parsed, url, max_urls).read(chain([head], blocks))
    elif beginning is None:
        parsed.cut_off(_what_it_is(head))
    elif beginning["page"] or beginning["html"] is not None:
        parsed.cut_off("It is a web page, not a sitemap.")
    elif beginning["doctype"]:
        parsed.cut_off("It declares a DOCTYPE, which is not accepted in a sitemap.")
    else:
        lines = head.count("\n", 0, beginning.start())
        reader = XmlReader(parsed, url, max_urls, beginning)
        reader.read(chain([head[beginning.start() :]], blocks), lines)


def _find_beginning(blocks: Iterator[str], url: str) -> tuple[str, re.Match[str] | None]:
    """Skip whitespace, comments and PHP warnings up to the root element."""
    head = ""
    for block in blocks:
        head += block
        match = _first_telling(head)
        if match or len(head) >= HEAD or _is_text(head, url):
            return head, match
    return head, _first_telling(head)


def _first_telling(head: str) -> re.Match[str] | None:
    start = 0
    while match := _BEGINNING.search(head, start):
        if match[0] != "<!--":
            return match
        end = head.find("-->", match.end())
        if end < 0:
            return None
        start = end + 3
    return None


def _is_text(head: str, url: str) -> bool:
    """Return whether the first line that is not a comment is a URL."""
    comments = _COMMENT_LINES.match(head)
    line = head[comments.end() if comments else 0 :].lstrip()[:HEAD].partition("\n")[0].strip()
    return is_absolute(line) or (line[:1] != "/" and is_whole_address(line, url))


def _what_it_is(head: str) -> str:
    """Describe what the server sent instead of a sitemap."""
    text = head.strip()
    if not text:
        return "The file is empty."
    if _CUT_ROOT.search(text):
        return "The file ends early, within its first element."
    root = _ROOT.search(text)
    if root and text[0] == "<":
        return f"It is not a sitemap: its root element is <{root[1]}>."
    if text[0] in "{[":
        return "It is JSON, not a sitemap."
    quoted = " ".join(text[:QUOTED].split())
    return f"It is not a sitemap but text that begins with “{quoted}”."
