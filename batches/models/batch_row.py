"""The lines of a batch's list, with all of their columns."""

from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7

from batches.models.batch import Batch
from batches.models.job import Job
from scans.engine.lists.typed_cells import TEXT, Native, native


class BatchRow(models.Model):
    """One line of the table that a batch was created from.

    `Batch.list_columns` has the column names. A scanned line has its domain, even if an earlier
    line has the same one. A rejected line has the reason, and one with an empty domain cell has
    neither.
    """

    TENANT_PATH = "batch__tenant"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rows", db_index=False)
    # The position in the list, from 0, and the line in the file, from 1.
    position = models.PositiveIntegerField()
    line = models.PositiveBigIntegerField()
    # The cells as texts; trailing ones may be missing.
    values = models.JSONField(default=list)
    # Their kinds in a spreadsheet (`scans.engine.lists.typed_cells`).
    kinds = models.TextField(blank=True, default="")
    domain = models.ForeignKey(
        "scans.Domain",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="batch_rows",
        db_index=False,
    )
    reason = models.TextField(blank=True, default="")
    # The domain's job in the batch; NULL if the domain was skipped.
    job = models.ForeignObject(
        Job,
        on_delete=models.DO_NOTHING,
        from_fields=("domain", "batch"),
        to_fields=("domain", "batch"),
        related_name="rows",
        null=True,
        editable=False,
    )

    class Meta:
        ordering = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "position"], name="batch_row_in_order")
        ]
        indexes: ClassVar = [models.Index(fields=["domain", "batch"], name="batch_row_domain")]

    def __str__(self) -> str:
        return f"Line {self.line} of {self.batch}"

    def value(self, index: int) -> str:
        """Return the text of a cell by its column index, from 0."""
        return self.values[index] if index < len(self.values) else ""

    def native_value(self, index: int) -> Native:
        """Return a cell with its type in the spreadsheet: text, number, boolean, date or time."""
        kind = self.kinds[index] if index < len(self.kinds) else TEXT
        return native(self.value(index), kind)
