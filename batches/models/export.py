"""A background export: its list and filter, its progress and its file."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.models.view_export import ViewExport
from scrapersky.web.lists.columns import plain
from scrapersky.web.lists.definition import find_list
from scrapersky.web.lists.download import Part
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import Output

KEPT = timedelta(days=7)
# The cursor of an export of which every row has been read.
END = "end"
# A slice runs for less than this; after it, its host is taken to be lost.
LEASE = timedelta(seconds=90)


def expiry() -> datetime:
    return timezone.now() + KEPT


class ExportQuerySet(models.QuerySet):
    def due(self) -> Self:
        """Return unfinished exports that no worker holds, least recently served first."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
        return self.filter(free, status__in=Export.ACTIVE).order_by("served_at", "pk")

    def claim(self) -> bool:
        """Claim the one export in this queryset for a slice; False if another worker was faster."""
        now = timezone.now()
        updated = (
            self.due()
            .order_by()
            .update(status=Export.Status.RUNNING, leased_until=now + LEASE, served_at=now)
        )
        return updated == 1

    def finish(self, status: "Export.Status", error: str = "") -> bool:
        """End running exports; return False if none was still running."""
        rows = self.filter(status__in=Export.ACTIVE)
        ended = {"finished_at": Now(), "leased_until": None, "expires_at": expiry()}
        return rows.update(status=status, error=error, **ended) > 0


class Export(models.Model):
    """One export of a list with the filter it started with; rows are exported as of their slice."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        RUNNING = "running", "Running"
        COMPLETE = "complete", "Complete"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE = (Status.PENDING, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", models.CASCADE, related_name="+", db_index=False)
    created_by = models.ForeignKey("tenants.User", models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=32)
    query = models.TextField(blank=True)
    columns = models.JSONField(default=list)
    format = models.CharField(max_length=16, choices=[(f.value, f.label) for f in Format])
    # The recipe whose columns are written instead of `columns`.
    recipe = models.CharField(max_length=32, blank=True, db_default="")
    # Its record among the exports of a saved view, if it is one.
    view_export = models.OneToOneField(
        ViewExport, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    only_changes = models.BooleanField(default=False, db_default=False)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    # Rows to read, counted by the first slice; 0 where counting takes too long.
    expected = models.PositiveIntegerField(default=0)
    row_count = models.PositiveIntegerField(default=0)
    # Rows read, of which fewer are written if only changes are exported.
    read_count = models.PositiveIntegerField(default=0, db_default=0)
    # Where the next slice continues: the list's cursor (or `END`), and the length of the file.
    cursor = models.TextField(blank=True)
    byte_count = models.PositiveBigIntegerField(default=0)
    parts = models.PositiveIntegerField(default=0)
    # Texts truncated to the maximum length of a spreadsheet cell.
    truncated = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    served_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(default=expiry)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running", "complete", "failed", "cancelled"]),
                name="export_status",
            ),
            models.CheckConstraint(
                condition=Q(format__in=[f.value for f in Format]), name="export_format"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at"], name="export_newest"),
            models.Index(
                fields=["served_at"],
                condition=Q(status__in=["pending", "running"]),
                name="export_unfinished",
            ),
            models.Index(fields=["expires_at"], name="export_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.list_name} as {self.output.label}"

    @property
    def kind(self) -> Format:
        return Format(self.format)

    @property
    def output(self) -> Output:
        """The output; if its recipe no longer exists, the plain format."""
        definition = find_list(self.list_name)
        recipes = definition.recipes if definition else ()
        return Output(self.kind, next((r for r in recipes if r.name == self.recipe), None))

    @property
    def as_of(self) -> str:
        """The filter that the rows match, and the time span in which they were read."""
        end = plain(self.finished_at) if self.finished_at else "its end"
        return (
            f"The filter is the one set when the export started, “{self.query}”. Each row is as it"
            f" was when its slice was read, between {plain(self.created_at)} and {end}."
        )

    @property
    def filters(self) -> list[tuple[str, str]]:
        """The filters that the export started with: their labels and values."""
        definition = find_list(self.list_name)
        return definition.described(QueryDict(self.query)) if definition else []

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    @property
    def is_read(self) -> bool:
        """Whether the file has every row."""
        return self.cursor == END

    def advance(self, part: Part) -> None:
        """Count a part that was written, without storing that."""
        self.row_count += len(part.rows)
        self.read_count += part.read
        self.cursor = part.cursor or END

    def record(self, **facts: Any) -> bool:
        """Store how far the export is; return False if it was cancelled meanwhile."""
        for name, value in facts.items():
            setattr(self, name, value)
        progress = {name: getattr(self, name) for name in ("row_count", "read_count", "cursor")}
        running = Export.objects.filter(pk=self.pk, status=Export.Status.RUNNING)
        return running.update(**progress, **facts) == 1

    @property
    def folder(self) -> Path:
        return Path(settings.EXPORT_DIR)

    @property
    def is_zipped(self) -> bool:
        return self.kind is Format.XLSX and self.parts > 1

    @property
    def path(self) -> Path:
        """The finished file, or the text file being written."""
        suffix = "zip" if self.is_zipped else self.kind.suffix
        return self.folder / f"{self.pk}.{suffix}"

    @property
    def has_file(self) -> bool:
        """Whether it can be downloaded."""
        is_kept = self.status == self.Status.COMPLETE and self.expires_at > timezone.now()
        return is_kept and self.path.is_file()

    def part_path(self, number: int) -> Path:
        return self.folder / f"{self.pk}.part-{number}.xlsx"

    @property
    def file_name(self) -> str:
        recipe = f"-{self.recipe}" if self.recipe else ""
        return f"{self.list_name}{recipe}-{self.created_at:%Y-%m-%d}{self.path.suffix}"
