"""Read one page: bytes in, facts out; no network, and nothing a page holds makes it raise."""

from collections.abc import Mapping
from dataclasses import replace

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

from scans.engine.extractors import json_ld, metadata
from scans.engine.extractors.bounds import bound
from scans.engine.extractors.charset import decode
from scans.engine.extractors.contacts import Sources, page_contacts
from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.text import one_line, visible_text
from scans.engine.technologies import detect

MAX_BYTES = 2_000_000
MAX_HTML = 2_000_000
_NOT_PAGES = (
    b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"MZ",
    b"RIFF", b"OggS", b"ID3", b"\x00\x00\x00", b"wOFF", b"wOF2",
)  # fmt: skip


def read_page(
    body: bytes,
    url: str,
    content_type: str = "",
    headers: Mapping[str, str] | None = None,
    *,
    cookies: Mapping[str, str] | None = None,
) -> PageFacts:
    """Return what a page tells; `is_html` is False and the rest empty where it is not a page."""
    body = body[:MAX_BYTES]
    if not looks_like_html(body, content_type):
        return PageFacts(url=url, is_html=False)
    decoded, charset = decode(body, content_type)
    html = bound(decoded[:MAX_HTML])
    facts = _read_tree(html, url, charset)
    return replace(facts, technologies=detect(facts, headers, cookies))


def looks_like_html(body: bytes, content_type: str) -> bool:
    """Tell a page from other files, by its content where the header lies."""
    start = body[:1024].lstrip()
    if start.startswith(_NOT_PAGES) or (b"\x00" in start and not _is_utf16(start)):
        return False
    kind = content_type.partition(";")[0].strip().lower()
    if not kind or "html" in kind:
        return True
    lowered = start.lower()
    return (
        lowered.startswith((b"<!doctype html", b"<html"))
        or b"<head" in lowered
        or b"<body" in lowered
    )


def _is_utf16(start: bytes) -> bool:
    return start.startswith((b"\xff\xfe", b"\xfe\xff"))


def _read_tree(html: str, url: str, charset: str) -> PageFacts:
    tree = LexborHTMLParser(html, options=LexborDocumentOptions.WO_EVENTS.value)
    base = metadata.base_of(tree, url)
    meta = metadata.meta_values(tree)
    head = metadata.HeadLinks(tree, base)
    blocks = json_ld.read_blocks(
        node.text() for node in tree.css('script[type*="ld+json" i]')[:100]
    )
    organisation = json_ld.organisation(blocks)
    links = metadata.page_links(tree, base)
    hrefs = contact_hrefs(tree)
    page_title = metadata.title(tree)
    language = metadata.language(tree, meta)
    logo = str(organisation.get("logo") or "") or metadata.logo(tree, base)
    scripts = metadata.script_urls(tree, base)
    text = visible_text(tree)
    return PageFacts(
        url=url,
        title=page_title or meta.get("og:title", ""),
        description=meta.get("description") or meta.get("og:description", ""),
        language=language,
        charset=charset,
        canonical_url=head.canonical_url,
        favicon_url=head.favicon_url,
        logo_url=base.resolve(logo),
        generator=meta.get("generator", ""),
        open_graph=metadata.open_graph(meta),
        organisation=organisation,
        feeds=tuple(dict.fromkeys(head.feeds)),
        meta_robots=meta.get("robots", ""),
        meta=meta,
        contacts=page_contacts(
            Sources(
                url=url,
                text=text,
                html=html,
                language=language,
                hrefs=hrefs,
                links=links,
                json_ld=blocks,
            )
        ),
        links=links,
        sitemap_links=tuple(dict.fromkeys(head.sitemaps + metadata.sitemap_links(links))),
        meta_refresh=metadata.refresh_target(meta, base),
        text=text,
        html=html,
        scripts=scripts,
        stylesheets=tuple(dict.fromkeys(head.stylesheets)),
        json_ld=blocks,
    )


def contact_hrefs(tree: LexborHTMLParser) -> list[tuple[str, str]]:
    """Return (href, words) of the links that are not web addresses: mailto:, tel: and the like."""
    pairs = []
    for node in tree.css("a[href], area[href]"):
        href = (node.attributes.get("href") or "").strip()
        if ":" in href[:12] and not href[:5].lower().startswith("http"):
            pairs.append((href[:500], one_line(node.text(), 200)))
    return pairs[:1_000]
