"""The admin of batches, jobs, workers, schedules and legacy ids."""

from batches.admin import batches, exports, jobs, legacy, queue, schedules

__all__ = ["batches", "exports", "jobs", "legacy", "queue", "schedules"]
