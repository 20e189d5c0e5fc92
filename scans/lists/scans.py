"""The list of finished scans."""

from dataclasses import replace
from typing import Any

from scans.lists.common import DOMAIN_ID, HOST, ID, IN_ORDER_OF_DOMAINS, by_domain
from scans.models import VERDICTS, Scan
from scrapersky.web.lists import Column, Kind, ListDefinition, Sort, choice, day, register


def _seconds(row: Any) -> float:
    return round((row.finished_at - row.started_at).total_seconds(), 3)


SCANS = register(
    ListDefinition(
        name="scans",
        label="Scans",
        singular="scan",
        rows=Scan.objects.all,
        columns=(
            HOST,
            Column("verdict", "Verdict", Kind.STATE),
            Column("finished_at", "Finished", Kind.TIME),
            Column(
                "seconds",
                "Duration",
                Kind.SECONDS,
                value=_seconds,
                fields=("started_at", "finished_at"),
            ),
            Column("started_at", "Started", Kind.TIME, is_default=False),
            DOMAIN_ID,
            ID,
        ),
        filters=(
            by_domain(),
            choice("verdict", "Verdict", VERDICTS, "verdict"),
            day("finished_after", "Finished after", "finished_at__gte"),
            day("finished_before", "Finished before", "finished_at__lte"),
        ),
        sorts=(
            Sort("finished_at", ("finished_at",)),
            replace(IN_ORDER_OF_DOMAINS, fields=("domain__host", "finished_at")),
        ),
        default_sort="-finished_at",
        url_name="scan_list",
        empty_text="Every finished scan of a domain appears here.",
    )
)
