"""The lists of results, each defined in one module; importing this package registers them."""

from scans.lists.contacts import CONTACTS
from scans.lists.domain_lists import LISTS
from scans.lists.domains import DOMAINS
from scans.lists.pages import PAGES
from scans.lists.scans import SCANS
from scans.lists.sitemaps import SITEMAPS
from scans.lists.technologies import TECHNOLOGIES, TECHNOLOGY_NAMES

__all__ = [
    "CONTACTS",
    "DOMAINS",
    "LISTS",
    "PAGES",
    "SCANS",
    "SITEMAPS",
    "TECHNOLOGIES",
    "TECHNOLOGY_NAMES",
]
