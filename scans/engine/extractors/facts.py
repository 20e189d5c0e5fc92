"""The content of one page: the plain values that the rest of the engine reads."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scans.engine.extractors.address_markup import StatedAddress
from scans.engine.extractors.people_markup import StatedPerson
from scans.engine.report import Contact, Technology


class Link(NamedTuple):
    """One link of a page, absolute, with the words a visitor clicks on."""

    url: str
    text: str = ""
    rel: str = ""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Everything read from one page; every URL is absolute, every text has its spaces collapsed."""

    url: str
    is_html: bool = True
    title: str = ""
    description: str = ""
    # The declared language (`en`, `pt-BR`), else the detected one, empty if there is neither.
    language: str = ""
    charset: str = ""
    canonical_url: str = ""
    favicon_url: str = ""
    logo_url: str = ""
    generator: str = ""
    # Open Graph and Twitter card properties, by their full name (`og:title`).
    open_graph: dict[str, str] = field(default_factory=dict)
    # From JSON-LD: type, name, url, logo, telephone, email, address, same_as.
    organisation: dict[str, Any] = field(default_factory=dict)
    feeds: tuple[str, ...] = ()
    meta_robots: str = ""
    # Every `<meta name|http-equiv|property>`, by its lower-case name; the first one wins.
    meta: dict[str, str] = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    technologies: tuple[Technology, ...] = ()
    # http and https links of `<a>` and `<area>`, in the order of the page.
    links: tuple[Link, ...] = ()
    # Pages that `<link rel="me">` says belong to the same people.
    own_profiles: tuple[str, ...] = ()
    # The postal addresses whose parts the markup names (microdata, RDFa, microformats).
    marked_addresses: tuple[StatedAddress, ...] = ()
    # The people whom markup, tables and cards put beside contacts, where names are wanted.
    people: tuple[StatedPerson, ...] = ()
    # Links that name an XML sitemap.
    sitemap_links: tuple[str, ...] = ()
    # Where `<meta http-equiv="refresh">` or a `Refresh` header leads, and after how many seconds.
    meta_refresh: str = ""
    refresh_delay: int = 0
    # Whether it leads only visitors without JavaScript (`<noscript>`).
    refresh_in_noscript: bool = False
    # The visible text, one line a block, capped at `text.MAX_TEXT` characters.
    text: str = ""
    # The decoded page, capped at `page.MAX_HTML` characters.
    html: str = ""
    # The JSON-LD objects, one each, `@graph` unfolded.
    json_ld: tuple[Any, ...] = ()
