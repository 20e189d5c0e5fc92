"""Requested work and its progress.

A status changes only here, by one guarded `UPDATE ... WHERE status = <from>` that reports whether
it succeeded, so two workers can never both start, end or recover the same job.
"""

from batches.models.batch import Batch
from batches.models.batch_list import BatchList
from batches.models.batch_row import BatchRow
from batches.models.daily_count import DailyCount
from batches.models.draft import Draft
from batches.models.export import Export
from batches.models.job import Job
from batches.models.keys import LookupKeyError, parse_key
from batches.models.legacy import LegacyId
from batches.models.maintenance_run import MaintenanceRun
from batches.models.recurring import RecurringBatch, RecurringRun
from batches.models.view_export import ExportedRow, ViewExport
from batches.models.worker import SILENT_AFTER, Worker

__all__ = [
    "SILENT_AFTER",
    "Batch",
    "BatchList",
    "BatchRow",
    "DailyCount",
    "Draft",
    "Export",
    "ExportedRow",
    "Job",
    "LegacyId",
    "LookupKeyError",
    "MaintenanceRun",
    "RecurringBatch",
    "RecurringRun",
    "ViewExport",
    "Worker",
    "parse_key",
]
