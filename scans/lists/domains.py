"""The list of domains."""

from typing import Any

from django.db.models import Q

from scans.curation import Curation
from scans.lists.common import RECIPES, curate_action
from scans.lists.domain_columns import COLUMNS
from scans.lists.domain_filters import FILTERS
from scans.models import Domain
from scans.models.domain import scanned_or
from scrapersky.web.lists import Action, ListDefinition, Rest, Sort, register
from scrapersky.web.lists.filters import Not
from scrapersky.web.lists.recipes import load_recipes

UNSCANNED = Q(Not.of("status", Domain.Status.SCANNED), status=Domain.Status.UNSCANNED)


def _rest(has: dict[str, Any], lacks: dict[str, Any], *, is_lowest: bool = False) -> Rest:
    """Return the unscanned domains without a value, in the order of the index by status."""
    return Rest(scanned_or(**has), UNSCANNED & Q(**lacks), ("host",), is_lowest)


def _by_optional(name: str) -> Sort:
    """Return the order by a field that may be NULL."""
    rest = _rest({f"{name}__isnull": False}, {f"{name}__isnull": True})
    return Sort(name, (name,), is_nullable=True, rest=rest)


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
            Sort(
                "page_count",
                ("page_count",),
                rest=_rest({"page_count__gt": 0}, {"page_count": 0}, is_lowest=True),
            ),
            _by_optional("last_scanned_at"),
            Sort("created_at", ("created_at",)),
            _by_optional("best_email"),
            _by_optional("best_phone"),
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
