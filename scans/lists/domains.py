"""The list of domains."""

from scans.curation import Curation
from scans.lists.common import RECIPES, curate_action
from scans.lists.domain_columns import COLUMNS
from scans.lists.domain_filters import FILTERS
from scans.models import Domain
from scrapersky.web.lists import Action, ListDefinition, Sort, register
from scrapersky.web.lists.recipes import load_recipes

DOMAINS = register(
    ListDefinition(
        name="domains",
        label="Domains",
        singular="domain",
        rows=Domain.objects.all,
        columns=COLUMNS,
        filters=FILTERS,
        sorts=(
            Sort("host", ("host",), is_unique=True),
            Sort("page_count", ("page_count",)),
            Sort("last_scanned_at", ("last_scanned_at",), is_nullable=True),
            Sort("created_at", ("created_at",)),
            Sort("best_email", ("best_email",), is_nullable=True),
            Sort("best_phone", ("best_phone",), is_nullable=True),
        ),
        default_sort="host",
        url_name="domain_list",
        recipes=load_recipes(RECIPES, "domains", COLUMNS),
        row_url_name="domain_detail",
        related=("scans",),
        page_actions="scans/_domain_actions.html",
        actions=(
            Action("Scan now", "domain_scan_chosen", "refresh"),
            Action("Queue for sitemaps", "domain_sitemaps_chosen", "sitemap"),
            Action("Tag", "domain_tag_chosen", "tag", inputs="bulk/_tags.html"),
            Action(
                "List", "domain_add_to_list_chosen", "list-details", inputs="bulk/_saved_list.html"
            ),
            curate_action("domain_curate_chosen"),
            Action("Delete", "domain_delete_chosen", "trash", is_dangerous=True),
        ),
        shortcuts=(
            ("With e-mail", "has_email=yes"),
            ("Failed", "status=failed"),
            ("Selected", f"curation={Curation.SELECTED}"),
            ("Scanned in the last 7 days", "scanned_after=7d"),
        ),
        empty_text="Every domain you scan appears here, with its latest results.",
    )
)
