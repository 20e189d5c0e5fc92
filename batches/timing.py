"""When a schedule runs: a simple choice or a cron expression, in the schedule's time zone.

Daylight-saving changes are handled like in Debian's cron: a run in the skipped hour starts when the
clocks have gone forward, and one in the repeated hour starts once.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from django.core.exceptions import ValidationError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Days of the shortest month.
_EVERY_MONTH = 28


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of a schedule.

    They follow `cron`, an expression of five fields, if it is set; else every day at `at`, or every
    week or month if a day is given. `weekday` counts from Monday, 0. In months without `month_day`,
    it is the last day.
    """

    at: time
    weekday: int | None = None
    month_day: int | None = None
    cron: str = ""
    time_zone: str = "UTC"

    @classmethod
    def of(
        cls,
        frequency: str,
        *,
        at: time,
        weekday: int | None,
        month_day: int | None,
        cron: str,
        time_zone: str,
    ) -> "Timing":
        """Return the times of a frequency, ignoring the settings of other frequencies."""
        return cls(
            at,
            weekday if frequency == "weekly" else None,
            month_day if frequency == "monthly" else None,
            " ".join(cron.split()) if frequency == "cron" else "",
            time_zone,
        )

    def after(self, moment: datetime) -> datetime:
        """Return the first time after another, in UTC; raise ValidationError if there is none."""
        for following in self._times(moment):
            return following
        raise ValidationError({"cron": "No date matches this expression. Change it."})

    def upcoming(self, moment: datetime, count: int) -> list[datetime]:
        """Return the next times after another, in UTC."""
        return list(islice(self._times(moment), count))

    def _times(self, moment: datetime) -> Iterator[datetime]:
        local = moment.astimezone(ZoneInfo(self.time_zone))
        for following in self._simulation(local):
            if self._falls_on(following.date()):
                yield following.astimezone(UTC)

    def _simulation(self, local: datetime) -> CronSim:
        try:
            return CronSim(self.expression, local)
        except CronSimError as error:
            raise ValidationError(
                {"cron": f"This is not a valid cron expression: {error}."}
            ) from error

    @property
    def expression(self) -> str:
        """Return the cron expression; a late day of the month also needs a check afterwards."""
        if self.cron:
            return self.cron
        clock = f"{self.at.minute} {self.at.hour}"
        if self.weekday is not None:
            return f"{clock} * * {(self.weekday + 1) % 7}"
        if self.month_day is None:
            return f"{clock} * * *"
        days = self.month_day if self.month_day <= _EVERY_MONTH else f"{_EVERY_MONTH}-31"
        return f"{clock} {days} * *"

    def _falls_on(self, day: date) -> bool:
        if self.cron or self.month_day is None:
            return True
        return day.day == min(self.month_day, monthrange(day.year, day.month)[1])

    def __str__(self) -> str:
        """Describe the times: `Every Monday at 06:00 (Europe/Berlin)`."""
        return f"{self._description()} ({self.time_zone})"

    def _description(self) -> str:
        at = f"at {self.at:%H:%M}"
        if self.cron:
            return self._simulation(datetime.now(UTC)).explain()
        if self.weekday is not None:
            return f"Every {WEEKDAYS[self.weekday]} {at}"
        if self.month_day is not None:
            last = ", or the month's last day," if self.month_day > _EVERY_MONTH else ""
            return f"Every month on day {self.month_day}{last} {at}"
        return f"Every day {at}"


def start_of_day(day: str, time_zone: str) -> datetime | None:
    """Return the time at which a day (`2026-12-01`) starts; None if the text is not a date."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), ZoneInfo(time_zone))
    except ValueError:
        return None
