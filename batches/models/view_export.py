"""What each user has exported from each saved view, so that the next export can leave it out.

The exports of a view by a user are numbered, and each stores the rows that were new or changed for
it. The baseline, the export with which it was compared and so on form a chain. A row is unchanged
if the latest export of the chain that stored it has it as it is now. So the baseline can be set
back, and an export that never ends counts for nothing.
"""

from typing import ClassVar

from django.db import IntegrityError, models, transaction
from django.db.models import Max
from django.utils import timezone
from uuid_utils.compat import uuid7

from scrapersky.tenants.models import User
from scrapersky.tenants.preferences import SavedView


class ViewExportQuerySet(models.QuerySet["ViewExport"]):
    def of(self, view: SavedView, user: User) -> "ViewExportQuerySet":
        return self.filter(view=view, user=user)

    def complete(self) -> "ViewExportQuerySet":
        """Return complete exports, latest first."""
        return self.filter(finished_at__isnull=False).order_by("-number")

    def baseline(self, view: SavedView, user: User) -> "ViewExport | None":
        """Return the export with which the user's next export of a view is compared."""
        rows = self.of(view, user).filter(baseline_at__isnull=False)
        return rows.order_by("-baseline_at", "-number").first()

    def chain(self, view: SavedView, user: User, number: int) -> list[int]:
        """Return the numbers of a complete export, of the one it was compared with, and so on."""
        since = dict(self.of(view, user).complete().values_list("number", "since"))
        numbers = []
        while number in since:
            numbers.append(number)
            number = since[number]
        return numbers

    def set_baseline(self, view: SavedView, user: User, number: int) -> bool:
        """Reset the baseline to a complete export, or to none with 0; False if there is none."""
        rows = self.of(view, user)
        if not number:
            rows.update(baseline_at=None)
            return True
        return rows.complete().filter(number=number).update(baseline_at=timezone.now()) == 1

    def begin(self, view: SavedView, user: User, *, only_changes: bool) -> "ViewExport":
        """Start an export of a view, compared with the user's baseline."""
        baseline = self.baseline(view, user)
        for _ in range(10):
            last = self.of(view, user).aggregate(last=Max("number"))["last"] or 0
            try:
                with transaction.atomic():
                    return self.create(
                        view=view,
                        user=user,
                        number=last + 1,
                        since=baseline.number if baseline else 0,
                        only_changes=only_changes,
                    )
            except IntegrityError:  # another export of the view started at the same time
                continue
        raise IntegrityError("Too many exports of one view start at once.")


class ViewExport(models.Model):
    """One export of a saved view by a user; the latest `baseline_at` marks the baseline."""

    TENANT_PATH = "view__tenant"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    # The number of the baseline it is compared with; 0 for none.
    since = models.PositiveIntegerField(default=0)
    only_changes = models.BooleanField(default=False)
    row_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    # When it became the baseline: on completion, or when the user reset to it.
    baseline_at = models.DateTimeField(null=True, blank=True)

    objects = ViewExportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["view", "user", "number"], name="view_export_number")
        ]

    def __str__(self) -> str:
        return f"Export {self.number} of {self.view}"

    def finish(self, row_count: int) -> None:
        """Complete it and make it the baseline of the next export."""
        now = timezone.now()
        ViewExport.objects.filter(pk=self.pk).update(
            row_count=row_count, finished_at=now, baseline_at=now
        )


class ExportedRow(models.Model):
    """A row of a list as an export of a view found it new or changed: a digest of its values."""

    TENANT_PATH = "view__tenant"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    row_id = models.UUIDField()
    digest = models.BinaryField(max_length=16)
    # The number of the export.
    number = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["view", "user", "row_id", "number"], name="exported_row_once_an_export"
            )
        ]

    def __str__(self) -> str:
        return f"Row {self.row_id} in export {self.number}"
