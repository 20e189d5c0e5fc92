"""What one page tells: the plain values every other part of the engine reads."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scans.engine.report import Contact, Technology


class Link(NamedTuple):
    """One link of a page, absolute, with the words a visitor clicks on."""

    url: str
    text: str = ""
    rel: str = ""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Everything read from one page; every URL is absolute, every text has its blanks collapsed."""

    url: str
    is_html: bool = True
    title: str = ""
    description: str = ""
    language: str = ""
    """The declared language (`en`, `pt-BR`), else the detected one, empty if there is neither."""
    charset: str = ""
    canonical_url: str = ""
    favicon_url: str = ""
    logo_url: str = ""
    generator: str = ""
    open_graph: dict[str, str] = field(default_factory=dict)
    """Open Graph and Twitter card properties, by their full name (`og:title`)."""
    organisation: dict[str, Any] = field(default_factory=dict)
    """From JSON-LD: type, name, url, logo, telephone, email, address, same_as."""
    feeds: tuple[str, ...] = ()
    meta_robots: str = ""
    meta: dict[str, str] = field(default_factory=dict)
    """Every `<meta name|http-equiv|property>`, by its lower-case name; the first one wins."""
    contacts: tuple[Contact, ...] = ()
    technologies: tuple[Technology, ...] = ()
    links: tuple[Link, ...] = ()
    """http and https links of `<a>` and `<area>`, in the order of the page."""
    sitemap_links: tuple[str, ...] = ()
    """Links that name an XML sitemap."""
    meta_refresh: str = ""
    """Where `<meta http-equiv="refresh">` leads."""
    text: str = ""
    """The visible text, one line a block, capped at `text.MAX_TEXT` characters."""
    html: str = ""
    """The decoded page, capped at `page.MAX_HTML` characters."""
    scripts: tuple[str, ...] = ()
    """The addresses of `<script src>`."""
    stylesheets: tuple[str, ...] = ()
    """The addresses of `<link rel="stylesheet">`."""
    json_ld: tuple[Any, ...] = ()
    """The JSON-LD objects, one each, `@graph` unfolded."""
