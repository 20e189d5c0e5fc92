"""The admin of batches, jobs, workers, schedules and legacy ids."""

from batches.admin import batches, drafts, exports, jobs, legacy, queue, schedules

__all__ = ["batches", "drafts", "exports", "jobs", "legacy", "queue", "schedules"]
