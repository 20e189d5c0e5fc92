"""The tables of the older system in installations of different ages.

"before": batch ids are varchar. "after": a script has made them uuid in `batch_jobs` only, leaving
references as strings. "old": only what the first releases had. The columns are those of the older
system's own dump; its foreign keys are left out because the tests are about rows that violate them.
"""

from dataclasses import dataclass
from typing import Literal

Age = Literal["old", "before", "after"]
TABLES = (
    "tenants",
    "profiles",
    "batch_jobs",
    "domains",
    "jobs",
    "sitemap_files",
    "sitemap_urls",
    "pages",
    "contacts",
)
# Enum types and their values, a status in several spellings.
ENUMS = {
    "task_status": "Queued InProgress Completed Error ManualReview Cancelled Paused",
    "SitemapAnalysisStatusEnum": "Queued Processing Completed Error",
    "sitemap_analysis_status": "pending queued processing submitted failed",
    "sitemap_import_status_enum": "Queued Processing Completed Error",
    "contact_email_type_enum": "Service Corporate Free Unknown",
    "pagecurationstatus": "New Queued Processing Complete Error Skipped",
    "pageprocessingstatus": "Queued Processing Complete Error",
    "SitemapCurationStatusEnum": "New Selected Maybe Not_a_Fit Archived",
    "contact_curation_status": "New Queued Processing Complete Error Skipped",
    "contact_processing_status": "Queued Processing Complete Error",
    "crm_sync_status": "New Selected Queued Processing Complete Error Skipped",
    "crm_processing_status": "Queued Processing Complete Error",
}

MINE = "id uuid PRIMARY KEY; tenant_id uuid"
ZONED = "created_at timestamptz DEFAULT now(); updated_at timestamptz DEFAULT now()"
# The older system wrote UTC into columns without a zone.
UNZONED = "created_at timestamp DEFAULT now() NOT NULL; updated_at timestamp DEFAULT now() NOT NULL"

# Columns of installations of every age.
COLUMNS = {
    "tenants": "id uuid PRIMARY KEY; name text NOT NULL; description text; is_active bool; "
    f"{ZONED}",
    "profiles": f"{MINE}; name text; email text; avatar_url text; bio text; active bool; "
    f"role text; role_id int; {ZONED}",
    "batch_jobs": "id int PRIMARY KEY; tenant_id uuid; processor_type varchar; status varchar; "
    "created_by uuid; total_domains int; completed_domains int; failed_domains int; "
    "progress float8; batch_metadata jsonb; options jsonb; start_time timestamp; "
    f"end_time timestamp; processing_time float8; error varchar; {UNZONED}",
    "jobs": "id int PRIMARY KEY; tenant_id varchar(255); job_type varchar(50); "
    "status varchar(50); progress float8; domain_id uuid; batch_id varchar; created_by uuid; "
    "error varchar; result jsonb; metadata jsonb; started_at timestamptz; "
    f"completed_at timestamptz; {UNZONED}",
    "domains": f"{MINE}; domain varchar NOT NULL UNIQUE; status varchar DEFAULT 'active'; "
    f"title text; description text; batch_id varchar; {UNZONED}",
    "sitemap_files": f"{MINE}; domain_id uuid; url text NOT NULL; sitemap_type text; "
    "discovery_method text; page_count int; size_bytes int; response_time_ms int; status text; "
    "priority int; status_code int; error_message text; last_modified timestamptz; "
    "is_gzipped bool; has_lastmod bool; generator text; tags text[]; is_active bool; "
    "job_id uuid; url_count int; sitemap_import_error text; "
    f"sitemap_import_status sitemap_import_status_enum; created_by uuid; {ZONED}",
    "sitemap_urls": f"{MINE}; domain_id uuid; sitemap_id uuid; url text NOT NULL; loc_text text; "
    "page_type text; status text; priority int; status_code int; error_message text; "
    "lastmod timestamptz; changefreq text; priority_value numeric(3,2); image_count int; "
    f"tags text[]; discovered_at timestamptz; last_checked_at timestamptz; {ZONED}",
    "pages": f"{MINE}; domain_id uuid; url text NOT NULL; title text; description text; h1 text; "
    "canonical_url text; meta_robots text; schema_types text[]; has_contact_form bool; "
    "word_count int; inbound_links text[]; outbound_links text[]; last_modified timestamptz; "
    "last_scan timestamptz; page_type text; lead_source text; additional_json jsonb; "
    f"sitemap_file_id uuid; page_curation_status pagecurationstatus; {ZONED}",
    "contacts": "id uuid PRIMARY KEY; domain_id uuid; page_id uuid; email text NOT NULL; "
    "email_type contact_email_type_enum; has_gmail bool; context text; source_url text; "
    f"source_job_id uuid; {ZONED}",
}

BATCH_ID = {"old": "varchar", "before": "varchar", "after": "uuid"}
JOB_ID = {"old": "varchar(255)", "before": "varchar(255)", "after": "uuid"}
# Columns added by the script that made batch ids uuid.
CONVERTED = {
    "batch_jobs": "id_uuid uuid NOT NULL; batch_id_original varchar; batch_id_string varchar",
    "jobs": "id_uuid uuid; tenant_id_uuid uuid; batch_id_string varchar",
}

# Columns added to the tables of findings by later releases.
LATER = {
    "sitemap_files": "has_priority bool; has_changefreq bool; lead_source text; user_id uuid; "
    "user_name text; notes text; process_after timestamptz; last_processed_at timestamptz; "
    'updated_by uuid; deep_scrape_curation_status "SitemapCurationStatusEnum"',
    "sitemap_urls": "video_count int; news_count int; size_bytes int; lead_source text; "
    "user_id uuid; user_name text; notes text; is_active bool; process_after timestamptz; "
    "created_by uuid; updated_by uuid",
    "pages": "has_schema_markup bool; has_comments bool; "
    "page_processing_status pageprocessingstatus; page_processing_error text; "
    "honeybee_json jsonb; priority_level int; path_depth int; contact_scrape_status text",
    "contacts": "name varchar; phone_number varchar; "
    "contact_curation_status contact_curation_status; "
    "contact_processing_status contact_processing_status; contact_processing_error text; "
    + "".join(
        f"{crm}_sync_status crm_sync_status; {crm}_processing_status crm_processing_status; "
        f"{crm}_processing_error text; "
        for crm in ("hubspot", "brevo", "mautic", "n8n")
    )
    + "hubspot_contact_id varchar; brevo_contact_id varchar; mautic_contact_id varchar; "
    "n8n_workflow_id varchar; retry_count int; last_retry_at timestamptz; "
    "next_retry_at timestamptz; last_failed_crm varchar; debounce_result varchar; "
    "debounce_score int; debounce_reason varchar(500); enriched_phone varchar(50); "
    "enriched_address jsonb; enriched_social_profiles jsonb; enrichment_cost_estimate float8",
}
LATER_JOBS = "result_data jsonb; job_metadata jsonb"
# Columns added to `domains` by later releases, by type.
LATER_DOMAINS = {
    "text": "lead_source local_business_scraped_status agency_sitemap_analysis_done "
    "agency_wordpress_details agency_copyright_status agency_ad_performance_status "
    "content_scrape_error page_scrape_error sitemap_monitor_error ssl_issuer ssl_version "
    "server_type ip_address hosting_provider country_code hosting_location cdn_provider "
    "robots_txt business_category primary_language business_type industry_vertical "
    "competitor_group market_segment last_error monitoring_status sitemap_url favicon_url "
    "logo_url copyright_year language google_analytics_id google_tag_manager_id "
    "wordpress_version wordpress_theme elementor_version facebook_url twitter_url linkedin_url "
    "instagram_url youtube_url notes sitemap_analysis_error",
    "bool": "is_active has_ssl has_sitemap has_ecommerce has_cookie_notice has_privacy_policy "
    "is_wordpress has_elementor has_divi has_woocommerce has_contact_form7 has_yoast_seo "
    "has_wpforms",
    "timestamptz": "local_business_scraped_at agency_sitemap_analysis_done_at "
    "agency_wordpress_details_at agency_copyright_status_at agency_ad_performance_at "
    "content_scrape_at page_scrape_at sitemap_monitor_at ssl_expiry_date last_modified "
    "last_successful_scan first_scan last_scan",
    "jsonb": "security_headers dns_records feed_urls crawler_hints estimated_traffic "
    "business_hours error_history performance_metrics alert_threshold tech_stack meta_json "
    "domain_metadata",
    "int": "server_response_time page_count average_page_size total_images_count error_count "
    "average_response_time sitemap_urls total_sitemaps",
    "text[]": "content_language payment_methods phone_numbers email_addresses physical_addresses",
    "task_status": "content_scrape_status page_scrape_status sitemap_monitor_status",
    "numeric(5,2)": "uptime_percentage",
    "uuid": "created_by local_business_id",
    '"SitemapCurationStatusEnum"': "sitemap_curation_status",
}

SITEMAP_STATUS = {"before": "sitemap_analysis_status", "after": '"SitemapAnalysisStatusEnum"'}


@dataclass(frozen=True)
class Table:
    """A legacy table: its name and its columns with their types, in order."""

    name: str
    columns: dict[str, str]

    @property
    def statement(self) -> str:
        """Return what creates the table."""
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        return f"CREATE TABLE {self.name} ({columns})"


def table_of(name: str, age: Age) -> Table:
    """Return a table as installations of an age have it."""
    parts = _parts(COLUMNS[name]) | _keys(name, age)
    if age != "old":
        parts |= _later(name, age)
    if age == "after":
        parts |= _parts(CONVERTED.get(name, ""))
    return Table(name, parts)


def _parts(text: str) -> dict[str, str]:
    pairs = (part.strip().partition(" ") for part in text.split(";") if part.strip())
    return {name: kind for name, _, kind in pairs}


def _keys(name: str, age: Age) -> dict[str, str]:
    if name == "batch_jobs":
        return {"batch_id": BATCH_ID[age]}
    return {"job_id": JOB_ID[age]} if name == "jobs" else {}


def _later(name: str, age: Age) -> dict[str, str]:
    if name == "jobs":
        return _parts(LATER_JOBS)
    if name in LATER:
        return _parts(LATER[name])
    if name != "domains":
        return {}
    later = {column: kind for kind, names in LATER_DOMAINS.items() for column in names.split()}
    return later | {"sitemap_analysis_status": SITEMAP_STATUS[age]}


def create(name: str, values: str) -> str:
    """Return what creates an enum type."""
    listed = ", ".join(f"'{value.replace('_a_', ' a ')}'" for value in values.split())
    return f'CREATE TYPE "{name}" AS ENUM ({listed})'
