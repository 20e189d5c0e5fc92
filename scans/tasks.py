"""Queue tasks for results; each is thin and safe to run twice."""

from uuid import UUID

from scans.bulk import running


def run_bulk_action(pk: str) -> None:
    """Do the next slice of a bulk action."""
    running.WORK.run_slice(UUID(pk))
