"""The list of a batch that is still being created, and the reading position."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone

from batches.models.batch import Batch
from batches.skipping import RECENT_DAYS, Skips

STALLED_AFTER = timedelta(seconds=60)


class BatchListQuerySet(models.QuerySet):
    def stalled(self) -> "BatchListQuerySet":
        """Return lists whose reading stalled for a minute."""
        return self.filter(updated_at__lt=timezone.now() - STALLED_AFTER)


class BatchList(models.Model):
    """A saved list and the position up to which it has become jobs; deleted after the last one.

    The position is a line and the number of its entries that are done, so that reading can resume
    within a line. `hosts` counts the valid entries, including duplicates: the next job's position.
    """

    TENANT_PATH = "batch__tenant"

    batch = models.OneToOneField(
        Batch, models.CASCADE, primary_key=True, related_name="waiting_list"
    )
    # The file's name in settings.LIST_DIR.
    file = models.CharField(max_length=64, unique=True)
    is_json_lines = models.BooleanField(default=False)
    # None: detect it from the content.
    is_table = models.BooleanField(null=True)
    column = models.CharField(max_length=200, blank=True)
    # The sheet of a workbook; empty: detect it from its values.
    sheet = models.CharField(max_length=200, blank=True, default="", db_default="")
    # Which known domains to skip (`skipping.Skips`), and how many have been skipped so far.
    skip_recent = models.BooleanField(default=False, db_default=False)
    skip_older = models.BooleanField(default=False, db_default=False)
    skip_days = models.PositiveSmallIntegerField(default=RECENT_DAYS, db_default=RECENT_DAYS)
    skipped = models.PositiveIntegerField(default=0, db_default=0)
    byte_count = models.PositiveBigIntegerField(default=0)
    bytes_read = models.PositiveBigIntegerField(default=0)
    line = models.PositiveBigIntegerField(default=1)
    line_entries = models.PositiveIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0)
    hosts = models.PositiveIntegerField(default=0)
    # Rows stored so far (`BatchRow`), and the bytes of their cells.
    rows = models.PositiveIntegerField(default=0, db_default=0)
    row_bytes = models.PositiveBigIntegerField(default=0, db_default=0)
    duplicates = models.PositiveIntegerField(default=0)
    rejected = models.JSONField(default=list)
    rejected_count = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = BatchListQuerySet.as_manager()

    def __str__(self) -> str:
        return f"List of {self.batch}"

    @property
    def path(self) -> Path:
        return Path(settings.LIST_DIR, self.file)

    @property
    def skips(self) -> Skips:
        return Skips(self.skip_recent, self.skip_older, self.skip_days)

    @property
    def progress(self) -> float:
        """The share of the file that has been read, 0 to 1."""
        return min(self.bytes_read / self.byte_count, 1.0) if self.byte_count else 0.0
