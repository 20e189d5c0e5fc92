"""Housekeeping deletes exports of saved views that never finished, with their rows."""

from datetime import timedelta

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches import view_exports
from batches.models import Export, ExportedRow, ViewExport
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.preferences import SavedView

pytestmark = pytest.mark.django_db


@pytest.fixture
def view(default_tenant: Tenant, user: User) -> SavedView:
    return SavedView.objects.create(
        tenant=default_tenant, owner=user, list_name="domains", name="All", columns=["host"]
    )


def export_of(view: SavedView, *, days: int, is_finished: bool = False) -> ViewExport:
    """Return an export that started some days ago and has stored three rows."""
    export = ViewExport.objects.begin(view, view.owner, only_changes=True)
    started = timezone.now() - timedelta(days=days)
    ViewExport.objects.filter(pk=export.pk).update(created_at=started)
    for _ in range(3):
        ExportedRow.objects.create(
            view=view, user=view.owner, row_id=uuid7(), digest=b"0", number=export.number
        )
    if is_finished:
        export.finish(3)
    return export


def stored() -> tuple[list[int], list[int]]:
    """Return the numbers of the exports, and those of their rows."""
    rows = ExportedRow.objects.order_by("number").values_list("number", flat=True)
    return sorted(ViewExport.objects.values_list("number", flat=True)), list(rows)


def test_only_old_exports_that_did_not_finish_are_deleted(view: SavedView) -> None:
    export_of(view, days=30, is_finished=True)
    export_of(view, days=8)
    export_of(view, days=6)
    view_exports.delete_unfinished()
    assert stored() == ([1, 3], [1, 1, 1, 3, 3, 3])


def test_an_export_in_the_background_is_kept_with_its_file(view: SavedView) -> None:
    export = export_of(view, days=8)
    Export.objects.create(
        tenant=view.tenant,
        created_by=view.owner,
        list_name="domains",
        format="csv",
        view_export=export,
    )
    view_exports.delete_unfinished()
    assert stored() == ([1], [1, 1, 1])
    Export.objects.all().delete()
    view_exports.delete_unfinished()
    assert stored() == ([], [])


def test_many_rows_are_deleted_in_chunks_and_the_export_last(
    view: SavedView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_exports, "DELETED_ROWS", 2)
    export_of(view, days=8)
    view_exports.delete_unfinished()
    assert stored() == ([1], [1])
    view_exports.delete_unfinished()
    assert stored() == ([], [])
