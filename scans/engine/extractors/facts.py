"""The content of one page as plain values."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scans.engine.extractors.address_markup import StatedAddress
from scans.engine.extractors.contact_markup import MarkedContact
from scans.engine.extractors.people_markup import StatedPerson
from scans.engine.report import Contact, Technology


class Link(NamedTuple):
    """A link on a page: its absolute URL and its text."""

    url: str
    text: str = ""
    rel: str = ""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Everything read from one page; URLs are absolute, and white space is collapsed."""

    url: str
    is_html: bool = True
    title: str = ""
    description: str = ""
    # The declared language (`en`, `pt-BR`), else the detected one; empty if unknown.
    language: str = ""
    charset: str = ""
    canonical_url: str = ""
    favicon_url: str = ""
    logo_url: str = ""
    generator: str = ""
    # Open Graph and Twitter card properties by full name (`og:title`).
    open_graph: dict[str, str] = field(default_factory=dict)
    # From JSON-LD: type, name, url, logo, telephone, email, address, same_as.
    organisation: dict[str, Any] = field(default_factory=dict)
    feeds: tuple[str, ...] = ()
    meta_robots: str = ""
    # All `<meta name|http-equiv|property>` by lower-case name; the first one wins.
    meta: dict[str, str] = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    technologies: tuple[Technology, ...] = ()
    # http and https links of `<a>` and `<area>`, in page order.
    links: tuple[Link, ...] = ()
    # Targets of `<link rel="me">`: pages of the same people.
    own_profiles: tuple[str, ...] = ()
    # Postal addresses with marked-up parts (microdata, RDFa, microformats).
    marked_addresses: tuple[StatedAddress, ...] = ()
    # Contacts that microdata, RDFa, microformats or `<meta>` name as such.
    marked_contacts: tuple[MarkedContact, ...] = ()
    # People next to contacts in markup, tables and cards, if names are requested.
    people: tuple[StatedPerson, ...] = ()
    # Links that name an XML sitemap.
    sitemap_links: tuple[str, ...] = ()
    # Target and delay in seconds of `<meta http-equiv="refresh">` or a `Refresh` header.
    meta_refresh: str = ""
    refresh_delay: int = 0
    # Whether it applies only to visitors without JavaScript (`<noscript>`).
    refresh_in_noscript: bool = False
    # The visible text, one line per block, limited to `text.MAX_TEXT` characters.
    text: str = ""
    # The decoded page, limited to `page.MAX_HTML` characters.
    html: str = ""
    # The JSON-LD objects, with `@graph` flattened.
    json_ld: tuple[Any, ...] = ()
