"""Results: domains, their scans, and everything read from them.

A foreign key has no separate index if a composite index starts with it, and a partial one if most
rows do not have it yet.
"""

from scans.bulk.models import BulkAction
from scans.corrections.models import Correction
from scans.curation import Curation, DomainTag, Tag
from scans.domain_lists.models import DomainList, ListedDomain, ListImport
from scans.engine.report import ContactKind
from scans.models.domain import (
    FAILURE_REASONS,
    URL_LENGTH,
    VERDICTS,
    Domain,
    ReversedHostField,
    reversed_host,
)
from scans.models.findings import CONTACT_KINDS, Contact, Sitemap, Technology
from scans.models.page import Page
from scans.models.scan import Scan
from scans.models.technology_count import TechnologyCount

__all__ = [
    "CONTACT_KINDS",
    "FAILURE_REASONS",
    "URL_LENGTH",
    "VERDICTS",
    "BulkAction",
    "Contact",
    "ContactKind",
    "Correction",
    "Curation",
    "Domain",
    "DomainList",
    "DomainTag",
    "ListImport",
    "ListedDomain",
    "Page",
    "ReversedHostField",
    "Scan",
    "Sitemap",
    "Tag",
    "Technology",
    "TechnologyCount",
    "reversed_host",
]
