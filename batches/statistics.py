"""The figures of the last 30 days, read from the daily counts."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Sum

from batches.models import DailyCount
from scrapersky.tenants.access import readable
from scrapersky.tenants.models import User

DAYS = 30
Measure = DailyCount.Measure


@dataclass(frozen=True, slots=True)
class Statistics:
    """Scan results per day (scanned, failed, contacts) and in total, most frequent first.

    `since` is the first counted day if it is later than the first of `days`.
    """

    days: list[date]
    scanned: list[int]
    failed: list[int]
    contacts: list[int]
    verdicts: list[tuple[str, int]]
    failures: list[tuple[str, int]]
    since: date | None

    @property
    def is_empty(self) -> bool:
        return not any(self.scanned) and not any(self.failed)


def statistics(user: User) -> Statistics:
    """Return the figures for the tenants whose rows a user may read."""
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    counts = readable(DailyCount.objects.exclude(measure=Measure.SUBMITTED), user)
    rows = counts.filter(day__gte=days[0]).values_list("measure", "name", "day").order_by()
    by_day: dict[str, Counter[date]] = defaultdict(Counter)
    by_name: dict[str, Counter[str]] = defaultdict(Counter)
    for measure, name, day, count in rows.annotate(sum=Sum("count")):
        by_day[measure][day] += count
        by_name[measure][name] += count
    first = min((day for some in by_day.values() for day in some), default=None)
    is_recent = first is not None and first > days[0]
    return Statistics(
        days=days,
        scanned=[by_day[Measure.VERDICT][day] for day in days],
        failed=[by_day[Measure.FAILURE][day] for day in days],
        contacts=[by_day[Measure.CONTACT][day] for day in days],
        verdicts=by_name[Measure.VERDICT].most_common(),
        failures=by_name[Measure.FAILURE].most_common(),
        since=first if is_recent and not counts.filter(day__lt=days[0]).exists() else None,
    )
