"""Read sitemaps, sitemap indexes and feeds in XML, block by block."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NoReturn
from xml.parsers import expat

from scans.engine.links import resolve_url
from scans.engine.sitemap_names import (
    FREQUENCY,
    ITEMS,
    KINDS,
    LOCATION,
    MODIFIED,
    OTHER,
    PRIORITY,
    PUBLISHED,
    SITEMAP,
    Roles,
)
from scans.engine.sitemap_parts import Finished, ParsedSitemap, SitemapEntry
from scans.engine.sitemap_text import escaped_blocks
from scans.engine.sitemap_values import (
    LONGEST,
    is_whole_address,
    read_date,
    read_hints,
    read_location,
)

# Maximum sitemaps in an index (sitemaps.org).
MAX_CHILDREN = 50_000
# Maximum nesting of elements; no sitemap or feed has ten levels.
MAX_DEPTH = 64
# Maximum bytes of a tag or comment: expat rereads an unfinished one with every block.
MAX_TAG = 262_144
# Maximum pieces of text, 8 KB each, per value.
MAX_PIECES = 64
# Maximum URLs per item; sitemaps.org allows one.
MAX_LOCATIONS = 10
# Maximum names of other elements remembered for the error.
MAX_NAMES = 100

_NO_ITEM = -9
# What the next element is checked for: an item, the first element of one, or nothing.
NOTHING, ITEM, FIRST = 0, 1, 2
# The root elements prepended to a file that begins with an item.
_MISSING_ROOT = "<urlset>"


class XmlReader:
    """Reads an XML sitemap, index or feed with expat, block by block.

    The handlers run five times per URL, 250,000 times for a full sitemap, so they only count the
    depth and append text to a list. Items count at any depth, so extra wrapper elements do no harm.
    """

    def __init__(self, parsed: ParsedSitemap, url: str, max_urls: int, root: re.Match[str]) -> None:
        name = root["root"].lower()
        parsed.kind = KINDS[name]
        self._parsed = parsed
        self._url = url
        self._max_urls = max_urls
        self._roles = Roles(parsed.kind, (root["prefix"] or "") + root["root"])
        self._known: dict[str, str] = self._roles.known
        self._has_root = name not in ("url", "sitemap")
        self._depth = 0
        # The depth of the open item, and its values so far.
        self._item = _NO_ITEM
        self._item_name = ""
        self._item_role = OTHER
        self._looks_for = ITEM
        # The text of the item before its first element.
        self._text = ""
        self._pieces: list[str] = []
        self._locations: list[str] = []
        self._values: dict[str, str] = {}
        # What was ignored: items without a URL, and other elements by name.
        self._refused = 0
        self._others: Counter[str] = Counter()

    def read(self, blocks: Iterable[str], lines_before: int) -> None:
        """Read blocks of text, the first of which begins with the root element."""
        parser = self._parser()
        fed = 0
        try:
            if not self._has_root:
                parser.Parse(_MISSING_ROOT, False)
            for block in escaped_blocks(blocks):
                data = block.encode("utf-8", "replace")
                parser.Parse(data, False)
                fed += len(data)
                if self._depth > MAX_DEPTH:
                    self._stop("Its elements are nested too deep. Read up to that point.")
                if fed - parser.CurrentByteIndex > MAX_TAG or len(self._pieces) > MAX_PIECES:
                    self._stop("One of its tags or values is too long. Read up to that point.")
            parser.Parse(b"" if self._has_root else b"</urlset>", True)
        except expat.ExpatError as error:
            self._parsed.cut_off(_broken(error, lines_before))
        except Finished:
            pass
        self._say_what_was_read()

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
        depth = self._depth = self._depth + 1
        if self._looks_for:
            if self._looks_for == ITEM and name == self._item_name:
                self._item, self._looks_for = depth, FIRST
                self._locations, self._values = [], {}
            elif self._looks_for == FIRST and self._known.get(name) == LOCATION:
                self._looks_for = NOTHING
            else:
                self._look_at(name, attributes)
        self._pieces.clear()

    def _look_at(self, name: str, attributes: dict[str, str]) -> None:
        """Examine an element outside of items, or the first one inside."""
        if attributes and name not in self._known:
            self._roles.declare(attributes)
        role = self._roles.of(name)
        if self._looks_for == FIRST:
            self._looks_for = NOTHING
            self._text = "".join(self._pieces).strip()
        elif role == OTHER and len(self._others) < MAX_NAMES:
            self._others[name] += 1
        if role in ITEMS:
            self._item_name, self._item_role, self._text = name, role, ""
            self._item, self._looks_for = self._depth, FIRST
            self._locations, self._values = [], {}

    def _start_with_link(self, name: str, attributes: dict[str, str]) -> None:
        """Read the URL, which Atom keeps in an attribute."""
        self._start(name, attributes)
        is_link = self._depth == self._item + 1 and self._roles.of(name) == LOCATION
        if is_link and attributes.get("rel", "alternate") == "alternate" and not self._locations:
            self._locations.append(attributes.get("href", ""))

    def _end(self, name: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if depth == self._item + 1:
            role = self._known.get(name)
            if role is None:
                role = self._roles.of(name)
            if role == LOCATION:
                if self._pieces and len(self._locations) < MAX_LOCATIONS:
                    self._locations.append("".join(self._pieces).strip())
            elif role:
                self._values.setdefault(role, "".join(self._pieces).strip())
        elif depth == self._item:
            self._close_item()
        elif depth == 1:
            raise Finished

    def _close_item(self) -> None:
        """Keep every URL of an item; without a `loc`, the item's own text may be the URL."""
        if not self._locations:
            self._take_own_text()
        self._item, self._looks_for = _NO_ITEM, ITEM
        if self._item_role == SITEMAP:
            self._keep_children()
        else:
            self._keep_entries()

    def _take_own_text(self) -> None:
        text = "".join(self._pieces).strip() if self._looks_for == FIRST else self._text
        self._text = ""
        if is_whole_address(text, self._url):
            self._locations.append(text)

    def _keep_entries(self) -> None:
        entries, values = self._parsed.entries, self._values
        before = len(entries)
        for text in self._locations:
            location = read_location(text, self._url)
            if not location:
                continue
            if len(entries) >= self._max_urls:
                self._parsed.truncated = True
                raise Finished
            modified = values.get(MODIFIED) or values.get(PUBLISHED, "")
            hints = read_hints(
                values.get(FREQUENCY, "")[:LONGEST], values.get(PRIORITY, "")[:LONGEST]
            )
            entries.append(SitemapEntry(location, read_date(modified[:LONGEST]), *hints))
        if len(entries) == before:
            self._refused += 1

    def _keep_children(self) -> None:
        children = self._parsed.children
        before = len(children)
        for text in self._locations:
            location = read_location(text, self._url)
            child = resolve_url(location) if location else None
            if not child:
                continue
            if len(children) >= MAX_CHILDREN:
                self._parsed.truncated = True
                raise Finished
            children.append(child)
        if len(children) == before:
            self._refused += 1

    def _stop(self, error: str) -> NoReturn:
        self._parsed.cut_off(error)
        raise Finished

    def _say_what_was_read(self) -> None:
        """Correct the kind according to the content; set an error if there is none."""
        parsed = self._parsed
        if parsed.children and not parsed.entries:
            parsed.kind = "index"
        elif parsed.entries and not parsed.children and parsed.kind == "index":
            parsed.kind = "urlset"
        if not (parsed.entries or parsed.children or parsed.error or parsed.truncated):
            parsed.error = self._what_was_read()

    def _what_was_read(self) -> str:
        if self._refused:
            return f"None of its {self._refused:,} items has an address that can be read."
        if self._others:
            names = ", ".join(
                f"{count:,} <{name[:40]}>" for name, count in self._others.most_common(3)
            )
            return f"It lists no URLs, only other elements: {names}."
        return "It is empty: it lists no URLs."


def _broken(error: expat.ExpatError, lines_before: int) -> str:
    if error.code in (
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
    ):
        return "The file ends early. Read up to that point."
    reason = expat.ErrorString(error.code)
    line = error.lineno + lines_before
    return f"Its XML is broken in line {line} ({reason}). Read up to that point."
