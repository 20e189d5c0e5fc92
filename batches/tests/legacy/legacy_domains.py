"""Domains as stored by the older system, with their findings."""

from dataclasses import dataclass, field

from batches.tests.legacy.legacy_ids import (
    MISSING_TENANT,
    NOBODY,
    OTHER_TENANT,
    TENANT,
    USER,
    Row,
    uid,
)
from batches.tests.legacy.legacy_schema import SITEMAP_STATUS, Age

# Referenced by jobs, pages and contacts, but without a row.
GONE = uid("d", 99)


@dataclass(frozen=True)
class OldDomain:
    """A row of `domains`: its name, and the host it is converted to; None if it names no host."""

    number: int
    name: str
    host: str | None
    facts: Row = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(uid("d", self.number))

    def row(self) -> Row:
        return {
            "id": self.id,
            "tenant_id": TENANT,
            "domain": self.name,
            "status": "completed",
            "title": f"Title of {self.number}",
            "batch_id": None,
            "last_scan": f"2025-01-01 10:00:{self.number % 60:02d}+00",
            "created_at": "2025-01-01 09:00:00",
            "updated_at": f"2025-01-01 10:00:{self.number % 60:02d}",
        } | self.facts


# The facts of one domain that has most of them.
RICH: Row = {
    "title": "Bakery",
    "description": "Bread since 1904",
    "language": "en",
    "favicon_url": "https://rich.example.com/favicon.ico",
    "logo_url": "https://rich.example.com/logo.png",
    "is_wordpress": True,
    "wordpress_version": "6.4",
    "has_elementor": True,
    "elementor_version": "3.18",
    "phone_numbers": '{"+44 20 7946 0018","(020) 7946 0018"}',
    "email_addresses": '{"info@rich.example.com","Sales@rich.example.com"}',
    "facebook_url": "https://www.facebook.com/richbakery",
    "twitter_url": "https://twitter.com/richbakery",
    "linkedin_url": "https://www.linkedin.com/company/richbakery",
    "instagram_url": "https://www.instagram.com/richbakery/",
    "youtube_url": "https://www.youtube.com/@richbakery",
    "tech_stack": '{"WordPress": "6.4", "nginx": true}',
    "domain_metadata": '{"score": 7}',
    "meta_json": '{"imported": true}',
    "sitemap_urls": 120,
    "total_sitemaps": 2,
    "uptime_percentage": "99.95",
    "country_code": "GB",
    "batch_id": f"batch_{uid('b', 1).hex}",
    "created_by": USER,
}

# Of `merged.example.com` number 3 has the newest facts; 16 and 17 belong to two tenants.
DOMAINS = (
    OldDomain(1, "rich.example.com", "rich.example.com", RICH),
    OldDomain(2, "merged.example.com", "merged.example.com", {"title": "Older"}),
    OldDomain(3, "https://merged.example.com", "merged.example.com", {"title": "Newest"}),
    OldDomain(4, "http://merged.example.com/", "merged.example.com", {"title": "Oldest",
              "updated_at": "2020-01-01 00:00:00", "last_scan": "2020-01-01 00:00:00+00"}),
    OldDomain(5, "UPPER.Example.COM", "upper.example.com"),
    OldDomain(6, "bücher.example.com", "xn--bcher-kva.example.com"),
    OldDomain(7, "dotted.example.com.", "dotted.example.com"),
    OldDomain(8, "www.prefixed.example.com", "prefixed.example.com"),
    OldDomain(9, "https://path.example.com/about?x=1#top", "path.example.com"),
    OldDomain(10, "port.example.com:8080", "port.example.com:8080"),
    OldDomain(11, " blank.example.com ", "blank.example.com"),
    OldDomain(12, "not a domain", None),
    OldDomain(13, "", None),
    OldDomain(14, "localhost", None),
    OldDomain(15, "x" * 300 + ".example.com", None),
    OldDomain(16, "shared.example.com", "shared.example.com"),
    OldDomain(17, "https://shared.example.com", "shared.example.com",
              {"tenant_id": OTHER_TENANT}),
    OldDomain(18, "lost-tenant.example.com", "lost-tenant.example.com",
              {"tenant_id": MISSING_TENANT}),
    OldDomain(19, "ownerless.example.com", "ownerless.example.com", {"created_by": NOBODY}),
    OldDomain(20, "of-lost-batch.example.com", "of-lost-batch.example.com",
              {"batch_id": "lost-batch"}),
    OldDomain(21, "of-integer.example.com", "of-integer.example.com", {"batch_id": "311"}),
    OldDomain(22, "empty-batch.example.com", "empty-batch.example.com", {"batch_id": ""}),
)  # fmt: skip

# Known statuses, and their results for domains that were never scanned since.
STATUSES = {
    "active": "unscanned",
    "pending": "unscanned",
    "processing": "unscanned",
    "completed": "scanned",
    "scanned": "scanned",
    "error": "failed",
    "failed": "failed",
}

SITEMAP_STATUSES = {
    "before": ("pending", "queued", "processing", "submitted", "failed"),
    "after": ("Queued", "Processing", "Completed", "Error"),
}


def status_rows(age: Age) -> list[Row]:
    """Return a domain per status and one per sitemap analysis status."""
    rows = [
        OldDomain(100 + place, f"status-{status}.example.com", "", {"status": status}).row()
        for place, status in enumerate(STATUSES)
    ]
    for place, status in enumerate(SITEMAP_STATUSES.get(age, ())):
        facts = {"sitemap_analysis_status": status}
        rows.append(OldDomain(120 + place, f"sitemap-{place}.example.com", "", facts).row())
    return rows


def rows(age: Age) -> dict[str, list[Row]]:
    """Return the rows of the tables, by table."""
    assert age in SITEMAP_STATUS or age == "old"
    domains = [domain.row() for domain in DOMAINS]
    return {"domains": [*domains, *status_rows(age)], **_findings()}


def _findings() -> dict[str, list[Row]]:
    rich, when = uid("d", 1), "2025-01-01 10:00:00+00"
    mine = {"tenant_id": TENANT, "domain_id": rich, "created_at": when}
    lost = {"tenant_id": TENANT, "domain_id": GONE, "created_at": when}
    other = {"tenant_id": TENANT, "domain_id": uid("d", 3), "created_at": when}
    sitemap = "https://rich.example.com/sitemap.xml"
    about = "https://rich.example.com/about"
    return {
        "sitemap_files": [
            {"id": uid("5", 1), "url": sitemap, "sitemap_type": "standard", "status": "Completed",
             "discovery_method": "robots_txt", "url_count": 120, "size_bytes": 4096,
             "sitemap_import_status": "Completed", **mine},
            {"id": uid("5", 2), "url": sitemap, "sitemap_type": "index", "status": "error",
             "error_message": "HTTP 500", **mine},
            {"id": uid("5", 3), "url": "https://gone.example.com/s.xml", "sitemap_type": "",
             "status": "new", **lost},
        ],
        "sitemap_urls": [
            {"id": uid("4", 1), "sitemap_id": uid("5", 1), "url": about, "loc_text": about,
             "page_type": "about", "lastmod": "2024-12-31 00:00:00+00", "changefreq": "weekly",
             "priority_value": "0.50", "status": "new", **mine},
            {"id": uid("4", 2), "sitemap_id": uid("5", 9), "url": about, "loc_text": about,
             "page_type": "Unheard of", "lastmod": "infinity", "status": "Processed", **mine},
            {"id": uid("4", 3), "url": "https://rich.example.com/" + "x" * 3000, "status": "new",
             **mine},
        ],
        "pages": [
            {"id": uid("3", 1), "url": about, "title": "About", "page_type": "ABOUT",
             "last_scan": when, "additional_json": '"a scalar"', "schema_types": '{""}', **mine},
            {"id": uid("3", 2), "url": "https://merged.example.com/contact", "page_type": None,
             "last_modified": "0044-03-15 00:00:00+00 BC", **other},
            {"id": uid("3", 3), "url": "https://gone.example.com/", **lost},
        ],
        "contacts": [
            {"id": uid("2", 1), "domain_id": rich, "page_id": uid("3", 1), "created_at": when,
             "email": "info@rich.example.com", "email_type": "Corporate", "context": "Write to us",
             "source_url": about},
            {"id": uid("2", 2), "domain_id": rich, "page_id": uid("3", 9), "created_at": when,
             "email": "someone@mail.example.org", "email_type": "Free", "source_url": about},
            {"id": uid("2", 3), "domain_id": GONE, "page_id": None, "created_at": when,
             "email": "lost@gone.example.com", "source_url": ""},
        ],
    }  # fmt: skip
