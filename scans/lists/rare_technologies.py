"""Start from the uses of a rare technology, where a planner cannot tell how rare it is.

SQLite assumes that all technologies are equally frequent. It reads domains in the order of the list
until enough of them use the technology, which is the faster way only for a common one.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q, Sum

from scans.models import Technology, TechnologyCount
from scrapersky.web.lists.filters import Condition

# As many domains are looked up and sorted within some 10 ms.
MOST = 1_500


def rare_uses(of_value: Callable[[str], dict[str, str]]) -> Callable[..., Condition | None]:
    """Return the `rare` of a filter by technology; `of_value` converts a value to its fields.

    Rarity is read from the last count of technologies: a stale one costs time, not rows.
    """

    def condition(values: Sequence[str], tenants: Sequence[Any]) -> Condition | None:
        if connection.vendor != "sqlite":
            return None
        uses = [of_value(value) for value in values]
        if not 0 < _domains(uses, tenants) <= MOST:
            return None
        matching = Q(*(Q(**fields) for fields in uses), _connector=Q.OR)
        rows = Technology.objects.visible().filter(matching, gone_at=None, tenant__in=tenants)
        return Q(pk__in=rows.order_by().values("domain_id"))

    return condition


def _domains(uses: Sequence[dict[str, str]], tenants: Sequence[Any]) -> int:
    """Return how many domains use any of the technologies, of any version, when last counted."""
    keys = [{k: v for k, v in fields.items() if k in ("name", "category")} for fields in uses]
    counts = TechnologyCount.objects.filter(Q(*(Q(**key) for key in keys), _connector=Q.OR))
    counted = counts.filter(tenant__in=tenants).aggregate(domains=Sum("domain_count"))
    return counted["domains"] or 0
