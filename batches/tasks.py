"""Queue tasks for batches; each is thin and safe to run twice."""

from uuid import UUID

from django.utils import timezone

from batches import background_exports, building, housekeeping, recurring, sitemap_submission
from batches.maintenance import (
    MINUTE_KEEPER,
    RECURRING_BATCHES,
    SITEMAP_SUBMISSION,
    TECHNOLOGY_COUNTS,
    recorded,
)
from batches.queue import pass_on
from batches.runner import shift
from scans import technology_counts


def run_shift(host: str = "", until: float = 0.0) -> str:
    """Scan as long as this host's cluster runs; return a message for the queue's task list.

    `host` is the one that lacked a shift; until the time `until` (seconds since the epoch), other
    hosts pass the message on.
    """
    if pass_on(host, until):
        return "Passed on to its host."
    return shift.run_shift()


def build_batch(pk: str) -> None:
    """Read the next slice of a large batch's list."""
    building.WORK.run_slice(UUID(pk))


def keep_minute() -> None:
    """Run the housekeeping of this minute."""
    recorded(MINUTE_KEEPER, housekeeping.keep)


def submit_sitemaps() -> None:
    """Submit domains queued for sitemap submission."""
    recorded(SITEMAP_SUBMISSION, sitemap_submission.submit_queued)


def start_recurring() -> None:
    """Start the recurring batches that are due."""
    recorded(RECURRING_BATCHES, lambda: recurring.start_due(timezone.now()))


def count_technologies() -> None:
    """Count the domains of each technology."""
    recorded(TECHNOLOGY_COUNTS, technology_counts.count_technologies)


def run_export(key: str) -> str:
    """Write a slice of an export; return a message for the queue's task list."""
    return background_exports.run_slice(key)
