"""When what recurs is due: daily, weekly, monthly, at the ends of months and of years."""

from datetime import UTC, date, datetime, time, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from batches.models.recurring import next_time

SIX = time(6)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_daily_time_that_is_still_to_come_is_today() -> None:
    assert next_time(SIX, after=at("2026-11-22T05:59:59")) == at("2026-11-22T06:00")


def test_a_daily_time_that_is_now_or_over_is_tomorrow() -> None:
    assert next_time(SIX, after=at("2026-11-22T06:00")) == at("2026-11-23T06:00")
    assert next_time(SIX, after=at("2026-12-31T23:00")) == at("2027-01-01T06:00")


def test_a_weekly_time_is_on_its_weekday() -> None:
    sunday = at("2026-11-22T12:00")
    assert next_time(SIX, weekday=0, after=sunday) == at("2026-11-23T06:00")
    assert next_time(SIX, weekday=6, after=sunday) == at("2026-11-29T06:00")


def test_the_31st_is_the_last_day_of_shorter_months() -> None:
    moment, days = at("2027-12-31T06:00"), []
    for _ in range(5):
        moment = next_time(SIX, month_day=31, after=moment)
        days.append(f"{moment:%m-%d}")
    assert days == ["01-31", "02-29", "03-31", "04-30", "05-31"]


def test_february_has_28_days_in_other_years() -> None:
    assert next_time(SIX, month_day=30, after=at("2027-01-31T00:00")) == at("2027-02-28T06:00")


def test_a_moment_of_another_time_zone_is_understood() -> None:
    east = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 23, 14, 0, tzinfo=east)
    assert next_time(SIX, after=moment) == at("2026-11-23T06:00")


MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
)


@given(MOMENTS, st.times(), st.integers(1, 31))
def test_a_monthly_time_comes_once_in_every_month(
    after: datetime, time_of_day: time, day: int
) -> None:
    first = next_time(time_of_day, month_day=day, after=after)
    second = next_time(time_of_day, month_day=day, after=first)
    assert after < first < second
    assert months(second.date()) - months(first.date()) == 1
    assert first.timetz() == time_of_day.replace(tzinfo=UTC)


def months(day: date) -> int:
    return day.year * 12 + day.month
