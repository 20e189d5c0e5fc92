"""The django-q2 schedules of every installation, by name."""

from typing import Any

from django_q.models import Schedule

MINUTE_KEEPER = "minute keeper"
SITEMAP_SUBMISSION = "sitemap submission"
RECURRING_BATCHES = "recurring batches"


def _every_minute(func: str) -> dict[str, Any]:
    return {"func": func, "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1}


SCHEDULES: dict[str, dict[str, Any]] = {
    MINUTE_KEEPER: _every_minute("batches.tasks.keep_minute"),
    SITEMAP_SUBMISSION: _every_minute("batches.tasks.submit_sitemaps"),
    RECURRING_BATCHES: _every_minute("batches.tasks.start_recurring"),
}
PURPOSES = {
    MINUTE_KEEPER: "Takes back the work of lost workers, ends what has ended, checks the counters.",
    SITEMAP_SUBMISSION: "Reads the sitemaps of the domains that are queued for it, oldest first.",
    RECURRING_BATCHES: "Starts the recurring batches that are due.",
}
