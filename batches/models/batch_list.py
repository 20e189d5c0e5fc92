"""The list of a batch that is still being created, and the reading position."""

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

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


class Lane(NamedTuple):
    """A range of the sorted file that one connection adds, and the column of its start."""

    column: str
    start: int
    end: int


class BatchList(models.Model):
    """A saved list and the progress of turning it into jobs; deleted after the last one.

    It is read up to a line and the number of its entries that are done, so that reading can resume
    within a line. `hosts` counts the valid entries, including duplicates: the next position. The
    hosts are then sorted (`batches.sorted_hosts`), and become jobs in two lanes: up to the middle
    of the sorted file, and from there on. A list with columns is then read again for its rows.
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
    # The sorted parts so far, as [lines, end] each.
    runs = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    # The bytes of the sorted file, 0 before it exists; where its second half begins; and how far
    # either half has become jobs.
    sorted_bytes = models.PositiveBigIntegerField(default=0, db_default=0)
    middle = models.PositiveBigIntegerField(default=0, db_default=0)
    first_half_end = models.PositiveBigIntegerField(default=0, db_default=0)
    second_half_end = models.PositiveBigIntegerField(default=0, db_default=0)
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
    def lanes(self) -> tuple[Lane, Lane]:
        """The halves of the sorted file that are left."""
        return (
            Lane("first_half_end", self.first_half_end, self.middle),
            Lane("second_half_end", self.second_half_end, self.sorted_bytes),
        )

    @property
    def progress(self) -> float:
        """The share of the work that is done, 0 to 1: reading, adding and storing its rows."""
        read = min(self.bytes_read / self.byte_count, 1.0) if self.byte_count else 0.0
        if not self.sorted_bytes:
            shares = [read, 0.0, 0.0]
        else:
            left = sum(lane.end - lane.start for lane in self.lanes)
            shares = [1.0, 1.0 - left / self.sorted_bytes, read]
        steps = 2 if self.batch.list_columns is None else 3
        return sum(shares[:steps]) / steps
