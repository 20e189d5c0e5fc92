"""Translate the terms of the older system.

Case, blanks, dashes and underscores are ignored: `InProgress` equals `in_progress`.
"""

import re
from dataclasses import dataclass

# Unfinished work is converted as cancelled, with this reason.
UNFINISHED = "unfinished"
IMPORTED_UNFINISHED = "imported unfinished"

BATCH_STATUSES = {
    "pending queued submitted created": UNFINISHED,
    "running processing in_progress started paused": UNFINISHED,
    "complete completed done success succeeded finished": "complete",
    "partial partially_completed": "partial",
    "failed failure error": "failed",
    "cancelled canceled cancelling": "cancelled",
}
JOB_STATUSES = {
    "pending queued submitted created": UNFINISHED,
    "running processing in_progress started paused": UNFINISHED,
    "complete completed done success succeeded finished": "complete",
    "failed failure error not_found timeout": "failed",
    "cancelled canceled skipped": "cancelled",
}
# The last scan time is not evidence of a scan: the older system set it on creation.
DOMAIN_STATUSES = {
    "active pending processing queued new": "unscanned",
    "complete completed scanned": "scanned",
    "failed error": "failed",
}
SITEMAP_STATUSES = {
    "pending new": "pending",
    "queued processing in_progress": UNFINISHED,
    "submitted complete completed": "submitted",
    "failed error": "failed",
}
PROCESSOR_TYPES = {
    "domain_scan domain_batch batch_page_scraper page_scraper domain single_domain website_scan "
    "batch_scan batch single_domain_scan domain_processor": "domain_scan",
    "sitemap sitemap_scan sitemap_import sitemap_processor batch_sitemap sitemap_analysis "
    "domain_sitemap": "sitemap_import",
}
JOB_TYPES = {
    "domain_scan domain_batch email_scan website_scan page_scraper batch_page_scraper "
    "single_domain domain single_domain_scan scan": "website_scan",
    "sitemap sitemap_scan sitemap_import sitemap_processor sitemap_analysis "
    "domain_sitemap": "sitemap_import",
}
PAGE_TYPES = {
    "contact contact_us contact_page contact_root": "contact",
    "about about_us about_page about_root": "about",
    "team team_root": "team",
    "imprint legal privacy terms legal_root": "legal",
    "home homepage": "home",
    "blog article post": "blog",
    "news": "news",
    "products product menu_root": "products",
    "services service services_root": "services",
    "pricing pricing_root": "pricing",
    "careers career_contact": "careers",
    "other unknown page wp_prospect category tag image video pdf": "other",
}
SITEMAP_KINDS = {
    "standard urlset sitemap xml image video news": "urlset",
    "index sitemapindex": "index",
    "rss": "rss",
    "atom": "atom",
    "text txt": "text",
    "unknown": "",
}
SITEMAP_SOURCES = {
    "robots robots_txt": "robots",
    "common_path common_paths well_known": "well_known",
    "html html_link html_links": "html",
    "index sitemap_index": "index",
    "manual manual_test unknown": "",
}
# Queued, processing and complete describe the progress of work on a selected row.
CURATION = {
    "new": "new",
    "selected queued processing complete completed error": "selected",
    "maybe": "maybe",
    "not_a_fit skipped": "not_a_fit",
    "archived": "archived",
}
ROLES = {
    "user member basic": "member",
    "admin super_admin global_admin system_admin": "admin",
    "viewer": "viewer",
}
EMAIL_LABELS = {
    "corporate": "corporate",
    "service": "service",
    "free": "free",
    "unknown": "unknown",
}
SOCIAL_LABELS = {
    "facebook_url": "facebook",
    "twitter_url": "x",
    "linkedin_url": "linkedin",
    "instagram_url": "instagram",
    "youtube_url": "youtube",
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms of one column, and the results for unknown and missing ones."""

    lists: dict[str, str]
    otherwise: str
    # The result for a missing term; None if that counts as unknown.
    empty: str | None = None

    def read(self, text: str) -> tuple[str, bool]:
        """Return the translation of a term, and whether the term is known."""
        match = self._terms.get(_plain(text)) if text.strip() else self.empty
        return (self.otherwise, False) if match is None else (match, True)

    @property
    def _terms(self) -> dict[str, str]:
        pairs = ((term, here) for listed, here in self.lists.items() for term in listed.split())
        return {_plain(term): here for term, here in pairs}


VOCABULARIES = {
    "batch": Vocabulary(BATCH_STATUSES, "failed"),
    "job": Vocabulary(JOB_STATUSES, "failed"),
    "domain": Vocabulary(DOMAIN_STATUSES, "failed", "unscanned"),
    "sitemap": Vocabulary(SITEMAP_STATUSES, "pending", "pending"),
    "processor_type": Vocabulary(PROCESSOR_TYPES, "domain_scan", "domain_scan"),
    "job_type": Vocabulary(JOB_TYPES, "website_scan", "website_scan"),
    "page_type": Vocabulary(PAGE_TYPES, "other", "other"),
    "sitemap_kind": Vocabulary(SITEMAP_KINDS, "", ""),
    "sitemap_source": Vocabulary(SITEMAP_SOURCES, "", ""),
    "email_type": Vocabulary(EMAIL_LABELS, "unknown", "unknown"),
    "curation": Vocabulary(CURATION, "new", "new"),
    "domain_curation": Vocabulary(CURATION, "new", "new"),
    "role": Vocabulary(ROLES, "member", "member"),
}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.lower())
