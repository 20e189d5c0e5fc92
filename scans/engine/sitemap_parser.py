"""Read one sitemap of any of its forms (sitemaps.org), streaming, as far as it can be read."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from scans.engine.links import MAX_URL, resolve_url
from scans.engine.sitemap_text import BLOCK, SitemapBytes, escaped_blocks
from scans.engine.sitemap_values import (
    LONGEST,
    read_date,
    read_frequency,
    read_location,
    read_priority,
)

# Sitemaps that one index may name (sitemaps.org).
MAX_CHILDREN = 50_000
# Characters within which the beginning of a sitemap must stand.
HEAD = BLOCK
# Levels of elements; no sitemap or feed has ten.
MAX_DEPTH = 64
# Bytes of one tag or comment: expat reads an unfinished one again with every block.
MAX_TAG = 262_144
# Pieces of text, 8 KB each, that one value may have.
MAX_PIECES = 64

_BEGINNING = re.compile(
    r"<!--|<!(?P<doctype>DOCTYPE)(?:\s+html\b(?P<html>))?|<(?P<page>html)\b"
    r"|<(?P<prefix>[\w.-]{1,40}:)?(?P<root>urlset|sitemapindex|rss|feed|RDF)(?=[\s>/])",
    re.IGNORECASE,
)
_URL_LINE = re.compile(r"\s*(?:#[^\n]*\n\s*)*https?://", re.IGNORECASE)


class SitemapEntry(NamedTuple):
    """One page as a sitemap names it; `lastmod` is ISO 8601, empty where there is none."""

    loc: str
    lastmod: str = ""
    changefreq: str = ""
    priority: float | None = None


@dataclass(slots=True)
class ParsedSitemap:
    """What one sitemap holds, and a sentence on what is wrong with it."""

    # urlset, index, rss, atom, text; empty where it is no sitemap.
    kind: str = ""
    entries: list[SitemapEntry] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    error: str = ""
    # Read, after decompression.
    bytes: int = 0
    # Whether reading stopped at a limit, of URLs or of bytes.
    truncated: bool = False


class _Form(NamedTuple):
    """How one kind of sitemap names its parts; the names carry the root's prefix if it has one."""

    kind: str
    item: str
    depth: int
    fields: dict[str, str]


_FORMS = {
    "urlset": _Form(
        "urlset",
        "url",
        2,
        {"loc": "loc", "lastmod": "lastmod", "changefreq": "changefreq", "priority": "priority"},
    ),
    "sitemapindex": _Form("index", "sitemap", 2, {"loc": "loc"}),
    "rss": _Form("rss", "item", 3, {"link": "loc", "pubDate": "lastmod", "dc:date": "lastmod"}),
    "rdf": _Form("rss", "item", 2, {"link": "loc", "dc:date": "lastmod"}),
    "feed": _Form("atom", "entry", 2, {"published": "first", "updated": "lastmod"}),
}


class _Finished(Exception):  # noqa: N818 (leaves the parser, is no error)
    """Everything wanted has been read."""


def parse_sitemap(
    chunks: Iterable[bytes], url: str, max_urls: int, max_bytes: int
) -> ParsedSitemap:
    """Read a sitemap from the chunks of its file, up to so many URLs and unpacked bytes.

    Never raises on what the file holds: broken XML, damaged gzip or a web page in place of a
    sitemap leave what could be read and a sentence in `error`. What taking the chunks raises goes
    through. Any DOCTYPE is refused, so there are no entities to expand. `loc` is absolute, as
    given, up to 2,000 characters; children are resolved.
    """
    parsed = ParsedSitemap()
    source = SitemapBytes(chunks, max_bytes)
    blocks = source.text_blocks()
    try:
        _read(blocks, parsed, url, max_urls)
    except _Finished:
        pass
    finally:
        parsed.bytes = source.read
        parsed.truncated = parsed.truncated or source.truncated
        parsed.error = source.error or parsed.error
    return parsed


def _read(blocks: Iterator[str], parsed: ParsedSitemap, url: str, max_urls: int) -> None:
    head, beginning = _find_beginning(blocks)
    if _URL_LINE.match(head):
        parsed.kind = "text"
        _TextReader(parsed, max_urls).read(chain([head], blocks))
    elif beginning is None:
        blank = not head.strip()
        parsed.error = "The file is empty." if blank else "It holds no sitemap that can be read."
    elif beginning["page"] or beginning["html"] is not None:
        parsed.error = "A web page stands in the place of a sitemap."
    elif beginning["doctype"]:
        parsed.error = "It declares a DOCTYPE, which is refused: a sitemap needs none."
    else:
        lines = head.count("\n", 0, beginning.start())
        reader = _XmlReader(parsed, url, max_urls, beginning)
        reader.read(chain([head[beginning.start() :]], blocks), lines)


def _find_beginning(blocks: Iterator[str]) -> tuple[str, re.Match[str] | None]:
    """Read until the root element begins, past blanks, comments, PHP warnings."""
    head = ""
    for block in blocks:
        head += block
        found = _first_telling(head)
        if found or len(head) >= HEAD or _URL_LINE.match(head):
            return head, found
    return head, _first_telling(head)


def _first_telling(head: str) -> re.Match[str] | None:
    start = 0
    while found := _BEGINNING.search(head, start):
        if found[0] != "<!--":
            return found
        end = head.find("-->", found.end())
        if end < 0:
            return None
        start = end + 3
    return None


class _TextReader:
    """A sitemap of one URL a line."""

    def __init__(self, parsed: ParsedSitemap, max_urls: int) -> None:
        self._parsed = parsed
        self._max_urls = max_urls
        self._refused = 0

    def read(self, blocks: Iterable[str]) -> None:
        held = ""
        for block in blocks:
            *lines, held = (held + block).split("\n")
            self._add(lines)
            # A line without end is kept only so far that it is seen to be too long.
            held = held[: MAX_URL * 2]
        self._add([held])
        if self._refused:
            self._parsed.error = f"{self._refused:,} of its lines are no URLs."

    def _add(self, lines: list[str]) -> None:
        for line in lines:
            loc = line.strip()
            if not loc or loc.startswith("#"):
                continue
            if len(loc) > MAX_URL or not loc.lower().startswith(("http://", "https://")):
                self._refused += 1
                continue
            if len(self._parsed.entries) >= self._max_urls:
                self._parsed.truncated = True
                raise _Finished
            self._parsed.entries.append(SitemapEntry(loc))


class _XmlReader:
    """A sitemap, sitemap index or feed in XML, read by expat as its blocks come in.

    The handlers run five times a URL, a quarter of a million times for a full sitemap: they only
    count the depth, and text goes straight into a list.
    """

    def __init__(
        self, parsed: ParsedSitemap, url: str, max_urls: int, beginning: re.Match[str]
    ) -> None:
        form = _FORMS[beginning["root"].lower()]
        # The prefix of an RDF root is not that of its items.
        prefix = (beginning["prefix"] or "") if form.kind in ("urlset", "index") else ""
        self._parsed = parsed
        self._url = url
        self._max_urls = max_urls
        self._item = prefix + form.item
        self._item_depth = form.depth
        self._fields = {prefix + name: key for name, key in form.fields.items()}
        self._depth = 0
        self._pieces: list[str] = []
        self._values: dict[str, str] = {}
        self._keep = self._keep_child if form.kind == "index" else self._keep_entry
        parsed.kind = form.kind

    def read(self, blocks: Iterable[str], lines_before: int) -> None:
        parser = self._parser()
        fed = 0
        try:
            for block in escaped_blocks(blocks):
                data = block.encode("utf-8", "replace")
                parser.Parse(data, False)
                fed += len(data)
                if fed - parser.CurrentByteIndex > MAX_TAG or len(self._pieces) > MAX_PIECES:
                    self._stop("One of its tags or values is too long; read up to there.")
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            self._parsed.error = _broken(error, lines_before)

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = (
            self._start_with_link if self._parsed.kind == "atom" else self._start
        )
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._pieces.append
        return parser

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._pieces.clear()
        if self._depth > MAX_DEPTH:
            self._stop("Its elements nest too deep; read up to there.")

    def _start_with_link(self, name: str, attributes: dict[str, str]) -> None:
        """Take the address that Atom keeps in an attribute."""
        self._start(name, attributes)
        is_link = name == "link" and self._depth == self._item_depth + 1
        if is_link and attributes.get("rel", "alternate") == "alternate":
            self._values.setdefault("loc", attributes.get("href", ""))

    def _end(self, name: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if depth == self._item_depth + 1:
            if name in self._fields:
                self._values.setdefault(self._fields[name], "".join(self._pieces).strip())
        elif depth == self._item_depth:
            if name == self._item:
                self._keep(self._values)
            self._values = {}
        elif depth == 1:
            raise _Finished

    def _stop(self, error: str) -> NoReturn:
        self._parsed.error = error
        raise _Finished

    def _keep_entry(self, values: dict[str, str]) -> None:
        loc = read_location(values.get("loc", ""), self._url)
        if not loc:
            return
        if len(self._parsed.entries) >= self._max_urls:
            self._parsed.truncated = True
            raise _Finished
        self._parsed.entries.append(
            SitemapEntry(
                loc,
                read_date((values.get("lastmod") or values.get("first", ""))[:LONGEST]),
                read_frequency(values.get("changefreq", "")[:LONGEST]),
                read_priority(values.get("priority", "")[:LONGEST]),
            )
        )

    def _keep_child(self, values: dict[str, str]) -> None:
        loc = read_location(values.get("loc", ""), self._url)
        child = resolve_url(loc) if loc else None
        if not child:
            return
        if len(self._parsed.children) >= MAX_CHILDREN:
            self._parsed.truncated = True
            raise _Finished
        self._parsed.children.append(child)


def _broken(error: expat.ExpatError, lines_before: int) -> str:
    if error.code in (
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
    ):
        return "The file ends early; read up to there."
    reason = expat.ErrorString(error.code)
    return f"Its XML is broken in line {error.lineno + lines_before} ({reason}); read up to there."
