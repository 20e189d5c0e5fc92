"""Export only the rows of a saved view that are new or changed since the user's last export."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils import timezone

from batches.models import Export, ExportedRow, ViewExport
from scans import storage
from scrapersky.tenants.models import User
from scrapersky.tenants.preferences import SavedView
from scrapersky.web.lists.columns import Column, plain
from scrapersky.web.lists.definition import get_list
from scrapersky.web.text import sanitize

DIGEST_BYTES = 16
# How long an export that has not finished is kept.
KEEP_UNFINISHED = timedelta(days=7)
# Maximum number of rows that one call of `delete_unfinished` deletes of an export.
DELETED_ROWS = 10_000


class Changes:
    """The rows of a view that are new or changed since the user's last export.

    Rows are compared by the view's own columns, whichever columns are written: `pick` takes rows
    with these, records them as exported, and returns those to write.
    """

    def __init__(self, export: ViewExport) -> None:
        self.export = export
        params = QueryDict(export.view.query)
        known = get_list(export.view.list_name).narrowed(params, export.user).column_by_name
        self.columns: Sequence[Column] = [
            known[name] for name in export.view.columns if name in known
        ]
        self._numbers = ViewExport.objects.chain(export.view, export.user, export.since)

    def pick(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return the rows to write, and record those that are new or changed."""
        digests = {row.pk: digest_of(row, self.columns) for row in rows}
        known = self._known(digests)
        changed = [row for row in rows if known.get(row.pk) != digests[row.pk]]
        ids = {"view_id": self.export.view_id, "user_id": self.export.user_id}
        storage.upsert(
            ExportedRow,
            ("row_id", "digest"),
            [(row.pk, digests[row.pk]) for row in changed],
            key=["view_id", "user_id", "row_id", "number"],
            update=["digest"],
            constants={**ids, "number": self.export.number},
        )
        return changed if self.export.only_changes else rows

    def _known(self, ids: Iterable[UUID]) -> dict[UUID, bytes]:
        """Return the digests of rows as the user has them, from the baseline's chain of exports.

        Of several exports that stored a row, the latest counts.
        """
        if not self._numbers:
            return {}
        rows = ExportedRow.objects.filter(
            view=self.export.view_id, user=self.export.user_id, row_id__in=list(ids)
        )
        known = rows.filter(number__in=self._numbers).order_by("number")
        return {row_id: bytes(digest) for row_id, digest in known.values_list("row_id", "digest")}

    def finish(self, row_count: int) -> None:
        """Make this complete export the baseline of the next one."""
        self.export.finish(row_count)


def digest_of(row: Any, columns: Sequence[Column]) -> bytes:
    """Return a digest of a row's values, ignoring columns that every scan updates."""
    values = [plain(column.value_of(row)) for column in columns if not column.is_volatile]
    text = json.dumps(values, cls=DjangoJSONEncoder, sort_keys=True)
    return blake2b(sanitize(text).encode(), digest_size=DIGEST_BYTES).digest()


def begin(view: SavedView, user: User, *, only_changes: bool) -> Changes:
    """Start an export of a view, to be compared with the user's baseline."""
    return Changes(ViewExport.objects.begin(view, user, only_changes=only_changes))


def delete_unfinished() -> None:
    """Delete exports that did not finish, with their rows; they are never a baseline.

    An export in the background is kept with its file. If one has too many rows, the next call
    deletes the rest.
    """
    in_background = Exists(Export.objects.filter(view_export=OuterRef("pk")))
    unfinished = ViewExport.objects.filter(
        ~in_background, finished_at=None, created_at__lt=timezone.now() - KEEP_UNFINISHED
    )
    for export in unfinished[:100]:
        rows = ExportedRow.objects.filter(
            view=export.view_id, user=export.user_id, number=export.number
        )
        chunk = rows.values("pk")[:DELETED_ROWS]
        deleted, _ = ExportedRow.objects.filter(pk__in=chunk).delete()
        if deleted < DELETED_ROWS:
            export.delete()
