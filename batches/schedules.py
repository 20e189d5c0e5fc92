"""The django-q2 schedules of every installation, by name."""

from typing import Any

from django_q.models import Schedule

MINUTE_KEEPER = "minute keeper"
SCHEDULES: dict[str, dict[str, Any]] = {
    MINUTE_KEEPER: {
        "func": "batches.tasks.keep_minute",
        "schedule_type": Schedule.MINUTES,
        "minutes": 1,
        "repeats": -1,
    },
}
