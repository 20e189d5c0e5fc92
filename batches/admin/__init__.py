"""The admin of what was asked: batches, jobs, and the workers that do them."""

from batches.admin import batches, jobs

__all__ = ["batches", "jobs"]
