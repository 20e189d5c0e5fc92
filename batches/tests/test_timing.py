"""When schedules are due: daily, weekly, monthly, at the ends of months and years."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from batches.timing import Timing

SIX = time(6)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_daily_time_that_is_still_to_come_is_today() -> None:
    assert Timing(SIX).after(at("2026-11-22T05:59:59")) == at("2026-11-22T06:00")


def test_a_daily_time_that_is_now_or_over_is_tomorrow() -> None:
    assert Timing(SIX).after(at("2026-11-22T06:00")) == at("2026-11-23T06:00")
    assert Timing(SIX).after(at("2026-12-31T23:00")) == at("2027-01-01T06:00")


def test_a_weekly_time_is_on_its_weekday() -> None:
    sunday = at("2026-11-22T12:00")
    assert Timing(SIX, weekday=0).after(sunday) == at("2026-11-23T06:00")
    assert Timing(SIX, weekday=6).after(sunday) == at("2026-11-29T06:00")


def test_the_31st_is_the_last_day_of_shorter_months() -> None:
    moment, days = at("2027-12-31T06:00"), []
    for _ in range(5):
        moment = Timing(SIX, month_day=31).after(moment)
        days.append(f"{moment:%m-%d}")
    assert days == ["01-31", "02-29", "03-31", "04-30", "05-31"]


def test_february_has_28_days_in_other_years() -> None:
    assert Timing(SIX, month_day=30).after(at("2027-01-31T00:00")) == at("2027-02-28T06:00")


def test_a_moment_of_another_time_zone_is_understood() -> None:
    east = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 23, 14, 0, tzinfo=east)
    assert Timing(SIX).after(moment) == at("2026-11-23T06:00")


def to_the_minute(moment: time) -> time:
    return moment.replace(second=0, microsecond=0)


MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
)


@given(MOMENTS, st.times().map(to_the_minute), st.integers(1, 31))
def test_a_monthly_time_comes_once_in_every_month(
    after: datetime, time_of_day: time, day: int
) -> None:
    first = Timing(time_of_day, month_day=day).after(after)
    second = Timing(time_of_day, month_day=day).after(first)
    assert after < first < second
    assert months(second.date()) - months(first.date()) == 1
    assert first.timetz() == time_of_day.replace(tzinfo=UTC)


def months(day: date) -> int:
    return day.year * 12 + day.month


@pytest.mark.parametrize(
    ("zone", "cron", "day", "times"),
    [
        # The clocks go from 02:00 to 03:00, and from 03:00 to 02:00.
        ("Europe/Berlin", "30 2 * * *", "2026-03-28", ["28 02:30", "29 03:00", "30 02:30"]),
        ("Europe/Berlin", "30 2 * * *", "2026-10-24", ["24 02:30", "25 02:30", "26 02:30"]),
        ("America/New_York", "30 2 * * *", "2026-03-07", ["07 02:30", "08 03:00", "09 02:30"]),
        ("America/New_York", "30 1 * * *", "2026-10-31", ["31 01:30", "01 01:30", "02 01:30"]),
        # By half an hour only.
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03", ["03 02:15", "04 02:30", "05 02:15"]),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04", ["04 01:45", "05 01:45", "06 01:45"]),
    ],
)
def test_each_day_has_one_run_when_the_clocks_change(
    zone: str, cron: str, day: str, times: list[str]
) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    minute, hour = cron.split()[:2]
    plain = Timing(time(int(hour), int(minute)), time_zone=zone)
    for timing in (Timing(SIX, cron=cron, time_zone=zone), plain):
        upcoming = timing.upcoming(start, 3)
        assert [f"{moment.astimezone(ZoneInfo(zone)):%d %H:%M}" for moment in upcoming] == times


@pytest.mark.parametrize("cron", ["never", "0 6 * *", "61 6 * * *", "0 6 30 2 *", "* * * * * * *"])
def test_an_expression_without_times_is_refused(cron: str) -> None:
    with pytest.raises(ValidationError):
        Timing(SIX, cron=cron).after(at("2026-11-22T12:00"))


def test_times_are_described() -> None:
    assert str(Timing(SIX, weekday=2)) == "Every Wednesday at 06:00 (UTC)"
    assert str(Timing(SIX, month_day=31)) == (
        "Every month on day 31, or the month's last day, at 06:00 (UTC)"
    )
    assert str(Timing(SIX, cron="0 6 * * MON-FRI", time_zone="Europe/Berlin")) == (
        "At 06:00 on Monday through Friday (Europe/Berlin)"
    )
