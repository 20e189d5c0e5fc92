"""Mark as gone what earlier scans saw and a newer one looked for and did not find.

A scan that was told not to look (no sitemaps, no further pages), was cut short by its deadline or
met the wall of a bot check says nothing about what it did not look at: that keeps its `last_seen`
and is not gone. Pages carry no mark of their own (a row of the inventory is rewritten only when
something changed or a week has passed): `unseen_pages_before` tells which ones are missing.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from scans.engine.report import Verdict
from scans.models import Contact, Domain, Sitemap, Technology
from scans.storage import STALE_AFTER

Report = dict[str, Any]
NO_PAGE_THERE = frozenset({404, 410})


def covers(report: Report, what: str) -> bool:
    """Say whether a scan looked at `pages`, `sitemaps` or the `inventory` to the end."""
    return bool(report.get("coverage", {}).get(what))


def mark_contacts(rows: QuerySet[Contact], reports: dict[Any, Report], now: datetime) -> None:
    """Mark the contacts among `rows` that are on none of the pages that were read now.

    Only where the page that a contact was found on is among those, or is no more. `reports` is
    domain id -> report.
    """
    # Most domains have none to mark, and the pages that were looked at are a long list.
    there = rows.filter(domain__in=list(reports)).order_by().values_list("domain", flat=True)
    if not (known := {pk: reports[pk] for pk in there}):
        return
    seen = {pk: report for pk, report in known.items() if report["verdict"] != Verdict.CHALLENGE}
    urls = {url for report in seen.values() for url in _looked_at(report)}
    looked_at = Q(domain__in=list(seen), page_url__in=urls)
    anywhere = Q(domain__in=_covered(known, "pages"), page_url="")
    rows.filter(looked_at | anywhere).update(gone_at=now)


def mark_technologies(
    rows: QuerySet[Technology], reports: dict[Any, Report], now: datetime
) -> None:
    """Mark the technologies among `rows` of sites whose pages were read as far as asked."""
    rows.filter(domain__in=_covered(reports, "pages")).update(gone_at=now)


def mark_sitemaps(rows: QuerySet[Sitemap], reports: dict[Any, Report], now: datetime) -> None:
    """Mark the sitemaps among `rows` of sites whose sitemaps were all walked.

    Not those that an index names which could not be read now.
    """
    unread = [s["url"] for r in reports.values() for s in r["sitemaps"] if s["error"]]
    walked = rows.filter(domain__in=_covered(reports, "sitemaps"))
    walked.exclude(parent_url__in=unread).update(gone_at=now)


def unseen_pages_before(domain: Domain) -> datetime | None:
    """Return the moment before which a page's `last_seen` means that it has not been seen since.

    A scan that sees a page writes it when its `last_seen` is a week old, so what is older than the
    newest look at the whole inventory less that week was not seen by it. None where no scan has
    looked at the whole inventory.
    """
    whole = domain.scans.filter(report__coverage__inventory=True)
    newest = whole.order_by("-finished_at").values_list("finished_at", flat=True).first()
    return newest - STALE_AFTER if newest else None


def _covered(reports: dict[Any, Report], what: str) -> list[Any]:
    return [pk for pk, report in reports.items() if covers(report, what)]


def _looked_at(report: Report) -> Iterator[str]:
    """Yield the addresses that were read or are no more, over http and https alike."""
    for asked in report["requests"]:
        if asked["status"] // 100 == 2 or asked["status"] in NO_PAGE_THERE:
            yield from _schemes(asked["url"])
    for url in report["redirects"]:
        yield from _schemes(url)


def _schemes(url: str) -> tuple[str, str]:
    rest = url.partition("://")[2]
    return f"http://{rest}", f"https://{rest}"
