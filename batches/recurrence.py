"""When something that recurs is next due; all times are UTC."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta


def next_time(
    at: time, *, weekday: int | None = None, month_day: int | None = None, after: datetime
) -> datetime:
    """Return the first due time after a moment: daily, or weekly or monthly where a day is given.

    `weekday` counts from Monday, 0; a `month_day` that a month does not have is its last day.
    """
    day = after.astimezone(UTC).date()
    while True:
        moment = datetime.combine(day, at, UTC)
        if moment > after and _falls_on(day, weekday, month_day):
            return moment
        day += timedelta(days=1)


def _falls_on(day: date, weekday: int | None, month_day: int | None) -> bool:
    if weekday is not None:
        return day.weekday() == weekday
    if month_day is not None:
        return day.day == min(month_day, monthrange(day.year, day.month)[1])
    return True
