"""Read one page: what it is, its contacts, where it links to."""

from scans.engine.extractors.contacts import merge_contacts
from scans.engine.extractors.facts import Link, PageFacts
from scans.engine.extractors.page import read_page

__all__ = ["Link", "PageFacts", "merge_contacts", "read_page"]
