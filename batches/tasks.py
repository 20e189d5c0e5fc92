"""What the queue runs; each task is thin and safe to run twice."""

from django.utils import timezone

from batches import recurring, sitemap_submission
from batches.maintenance import MINUTE_KEEPER, RECURRING_BATCHES, SITEMAP_SUBMISSION, recorded
from batches.runner import recovery, shift


def run_shift() -> str:
    """Scan until there is nothing to do; return a sentence for the queue's list of tasks."""
    return shift.run_shift()


def keep_minute() -> None:
    """Do the minute's housekeeping."""
    recorded(MINUTE_KEEPER, recovery.keep)


def submit_sitemaps() -> None:
    """Submit the domains that are queued for it."""
    recorded(SITEMAP_SUBMISSION, sitemap_submission.submit_queued)


def start_recurring() -> None:
    """Start the recurring batches that are due."""
    recorded(RECURRING_BATCHES, lambda: recurring.start_due(timezone.now()))
