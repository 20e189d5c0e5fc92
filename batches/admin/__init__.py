"""The admin of what was asked: batches, jobs, workers, and what runs on schedules."""

from batches.admin import batches, jobs, schedules

__all__ = ["batches", "jobs", "schedules"]
