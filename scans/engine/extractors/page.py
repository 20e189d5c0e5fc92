"""Read one page: bytes in, facts out; no network, and nothing a page holds makes it raise."""

import re
import threading
from collections.abc import Mapping, Set
from typing import Any

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

from scans.engine.extractors import metadata
from scans.engine.extractors.address_markup import addresses_in_markup
from scans.engine.extractors.anchors import read_anchors
from scans.engine.extractors.bounds import bound
from scans.engine.extractors.charset import decode
from scans.engine.extractors.contact_markup import contacts_in_markup
from scans.engine.extractors.contacts import page_contacts
from scans.engine.extractors.elements import Elements
from scans.engine.extractors.facts import Link, PageFacts
from scans.engine.extractors.hints import EMPTY_SEAMS, EMPTY_TAGS, REACT_SEAM, hints_in
from scans.engine.extractors.json_ld import organisation, read_blocks
from scans.engine.extractors.logos import logo
from scans.engine.extractors.page_people import with_people
from scans.engine.extractors.people_markup import people_in_markup
from scans.engine.extractors.refresh import NONE, Refresh, header_refresh, meta_refresh
from scans.engine.extractors.sniffing import looks_like_html
from scans.engine.extractors.text import visible_text
from scans.engine.language import detect_language
from scans.engine.technologies.detection import detect

_TAGS = "|".join(EMPTY_TAGS)
# `info<i></i>@<b class="x"></b>bakery.com`: elements without text, within a word.
_EMPTY_ELEMENT = re.compile(
    rf"(?<=[\w.@>-])<({_TAGS})(?:\s[^<>]{{0,100}})?></\1>(?=@)|"
    rf"(?<=@)<({_TAGS})(?:\s[^<>]{{0,100}})?></\2>|(?<=[\w.])<({_TAGS})></\3>(?=[a-z.<])"
)
MAX_BYTES = 2_000_000
MAX_HTML = 2_000_000
MAX_BLOCKS = 100
# A thread reads a page to its end before the next one begins. Hundreds of threads that wait for the
# interpreter wake up every few milliseconds to ask for it, and evict each other from the caches.
TURN = threading.Lock()


def read_page(
    body: bytes,
    url: str,
    content_type: str = "",
    headers: Mapping[str, str] | None = None,
    *,
    cookies: Mapping[str, str] | None = None,
    person_names: bool = False,
) -> PageFacts:
    """Return the facts of a page; if it is not HTML, `is_html` is False and the rest empty.

    With `person_names`, contacts include the people named next to them.
    """
    body = body[:MAX_BYTES]
    if not looks_like_html(body, content_type):
        return PageFacts(url=url, is_html=False)
    with TURN:
        return _read(body, url, content_type, headers, cookies, person_names)


def _read(
    body: bytes,
    url: str,
    content_type: str,
    headers: Mapping[str, str] | None,
    cookies: Mapping[str, str] | None,
    person_names: bool,
) -> PageFacts:
    decoded, charset = decode(body, content_type)
    html = bound(decoded[:MAX_HTML])
    hints = hints_in(html.encode("utf-8", "replace") if charset.startswith("utf-16") else body)
    values, contact_links = _read_tree(html, url, hints, person_names)
    values |= {"url": url, "html": html, "charset": charset}
    facts = PageFacts(**values)
    contacts = page_contacts(facts, contact_links, hints)
    refresh = header_refresh((headers or {}).get("Refresh", ""), url)
    if refresh.url:
        values |= _refresh_values(refresh)
    return PageFacts(
        **values,
        contacts=with_people(contacts, facts) if person_names else contacts,
        technologies=detect(facts, headers, cookies),
    )


def _read_tree(
    html: str, url: str, hints: Set[str], person_names: bool
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return what the parsed page holds by fields of `PageFacts`.

    And its mailto: and tel: links for the contacts.
    """
    markup = html.replace(REACT_SEAM, "") if REACT_SEAM in hints else html
    if not hints.isdisjoint(EMPTY_SEAMS):
        markup = _EMPTY_ELEMENT.sub("", markup)
    tree = LexborHTMLParser(markup, options=LexborDocumentOptions.WO_EVENTS.value)
    elements = Elements(tree)
    base = metadata.base_url(elements.bases, url)
    anchors = read_anchors(elements.anchors, base)
    values = _head(tree, elements, base) | _addresses(elements, base, anchors.links)
    values["marked_addresses"] = addresses_in_markup(tree, hints)
    values["marked_contacts"] = contacts_in_markup(tree, values["meta"], hints)
    if person_names:
        values["people"] = people_in_markup(tree)
    text = visible_text(tree, elements.styles)  # last, because it dismantles the tree
    values["text"] = text
    values["language"] = values["language"] or detect_language(text)
    return values, anchors.contact_links


def _head(tree: LexborHTMLParser, elements: Elements, base: str) -> dict[str, Any]:
    """Return the page's metadata by fields of `PageFacts`."""
    meta = metadata.meta_values(elements.metas)
    json_ld = read_blocks(node.text() for node in elements.json_ld[:MAX_BLOCKS])
    described = organisation(json_ld)
    title = metadata.title(tree) or meta.get("og:title", "")
    return {
        "title": title,
        "description": meta.get("description") or meta.get("og:description", ""),
        "language": metadata.language(tree, meta),
        "generator": meta.get("generator", ""),
        "open_graph": metadata.open_graph(meta),
        "meta_robots": meta.get("robots", ""),
        **_refresh_values(meta_refresh(tree, base) if "refresh" in meta else NONE),
        "meta": meta,
        "json_ld": json_ld,
        "organisation": described,
        "logo_url": (
            metadata.resolved(base, described.get("logo")) or logo(elements.images, base, title)
        ),
    }


def _refresh_values(refresh: Refresh) -> dict[str, Any]:
    return {
        "meta_refresh": refresh.url,
        "refresh_delay": refresh.delay,
        "refresh_in_noscript": refresh.in_noscript,
    }


def _addresses(elements: Elements, base: str, links: tuple[Link, ...]) -> dict[str, Any]:
    """Return the URLs in the page by fields of `PageFacts`."""
    head = metadata.HeadLinks(elements.links, base)
    return {
        "canonical_url": head.canonical_url,
        "favicon_url": head.favicon_url,
        "feeds": _each_once(head.feeds),
        "links": links,
        "own_profiles": _each_once(head.own_profiles),
        "sitemap_links": _each_once(head.sitemaps + metadata.sitemap_links(links)),
    }


def _each_once(urls: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urls))
