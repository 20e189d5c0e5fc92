"""Run exports in slices of less than 30 s; each records where it stopped and queues the next.

Slices page by keyset, so no cursor or transaction stays open between two of them, and run one at a
time per worker host. A slice that dies is repeated from the last recorded row.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.text import slugify

from batches import export_files, view_exports
from batches.models import Export
from scrapersky.tenants.access import readable_tenants, tenant_for_new_rows, writable_tenants
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.preferences import SavedView
from scrapersky.web import slices
from scrapersky.web.lists import ListDefinition, ListQuery, QueryTooSlow, get_list
from scrapersky.web.lists.download import Content
from scrapersky.web.lists.outputs import Output
from scrapersky.web.regional import grouped
from scrapersky.web.stopping import may_go_on

# Seconds for counting the rows of an export, which only its progress bar needs.
COUNT_SECONDS = 5.0


def create_export(
    *,
    user: User,
    definition: ListDefinition,
    query: str,
    columns: list[str],
    output: Output,
    view: SavedView | None = None,
    only_changes: bool = False,
    tenant_id: UUID | None = None,
) -> Export:
    """Queue an export of a list, filtered by a query string.

    It contains the rows of one tenant: the given one, the view's, or the user's first. An export of
    a saved view is remembered, and with `only_changes` it leaves out what the user has already
    exported from the view. Raises ValidationError for an unusable tenant, filter or column, and
    PermissionDenied if the user may not write in any tenant.
    """
    tenant = _tenant_of(user, view, tenant_id)
    wanted = ListQuery.of_text(definition, query, user, output.rows(definition))
    if wanted.errors:
        raise ValidationError({"query": wanted.problems})
    if message := wanted.definition.unknown_column(columns):
        raise ValidationError({"columns": message})
    with transaction.atomic():
        changes = view_exports.begin(view, user, only_changes=only_changes) if view else None
        export = Export.objects.create(
            tenant=tenant,
            created_by=user,
            list_name=definition.name,
            query=wanted.lasting_query,
            columns=columns or list(wanted.definition.default_columns),
            format=output.kind.value,
            recipe=output.recipe.name if output.recipe else "",
            view_export=changes.export if changes else None,
            only_changes=only_changes,
        )
        transaction.on_commit(call_next, robust=True)
    return export


def _tenant_of(user: User, view: SavedView | None, tenant_id: UUID | None) -> Tenant:
    """Return the tenant of an export, in which the user must be allowed to write."""
    own = writable_tenants(user)
    if tenant_id:
        named = own.filter(pk=tenant_id).first()
        if named is None:
            message = "You cannot export from a tenant with this id. Choose one of your tenants."
            raise ValidationError({"tenant": message})
        return named
    of_view = own.filter(pk=view.tenant_id).first() if view else None
    return of_view or tenant_for_new_rows(user)


def call_next() -> None:
    """Queue a slice of the least recently served export that is due, if any."""
    if export := Export.objects.due().first():
        WORK.enqueue(export.pk)


def run_slice(key: str) -> str:
    """Write a slice of an export; return a sentence for the queue's list of tasks."""
    row = Export.objects.filter(pk=UUID(key))
    with _alone() as is_alone:
        if not is_alone:
            return "Another export is running on this host. This one starts when it pauses."
        if not row.claim():
            return "The export has ended or is running on another host."
        WORK.run(UUID(key), until=monotonic() + slices.SLICE_SECONDS)
    call_next()
    export = row.first()
    if export is None:
        return "The export was deleted."
    return f"{grouped(export.row_count)} rows written, {export.get_status_display().lower()}."


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold this host's lock for exports, without waiting for it; hosts may share the folder."""
    folder = Path(settings.EXPORT_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f".lock-{slugify(settings.SCAN_WORKER_NAME)}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _work(pk: UUID, until: float) -> bool:
    """Write a slice of an export that is claimed; return whether it is over."""
    export = Export.objects.select_related("created_by", "view_export__view").get(pk=pk)
    if not export.is_read:
        content = _content(export)
        if not export.read_count:
            Export.objects.filter(pk=pk).update(expected=_count(content.query))
        export_files.write_slice(export, content, until)
        if not export.is_read or (export.is_zipped and not may_go_on(until)):
            Export.objects.filter(pk=pk).update(leased_until=None, served_at=timezone.now())
            return False
    export_files.assemble(export)
    with transaction.atomic():
        ended = Export.objects.filter(pk=pk).finish(Export.Status.COMPLETE)
        if ended and export.view_export:
            view_exports.Changes(export.view_export).finish(export.row_count)
    return True


def _fail(pk: UUID, error: str) -> None:
    Export.objects.filter(pk=pk).finish(Export.Status.FAILED, error)
    export_files.delete_files(pk)


def _content(export: Export) -> Content:
    """Return the list of an export as when it started, limited to the export's tenant.

    Raises Refused where the user or the filter no longer allows that: it would hold fewer rows, or
    more.
    """
    if not readable_tenants(export.created_by).filter(pk=export.tenant_id).exists():
        raise slices.Refused("The user who started it can no longer read this tenant.")
    if export.only_changes and not export.view_export:
        raise slices.Refused("The saved view was deleted. Start an export of the list.")
    definition = get_list(export.list_name)
    rows = definition.rows().filter(**{definition.tenant_path: export.tenant_id})
    base = export.output.rows(definition, rows)
    query = ListQuery.of_text(definition, export.query, export.created_by, base)
    if query.errors:
        raise slices.Refused(f"The filter no longer works: {' '.join(query.problems)}")
    known = query.definition.column_by_name
    columns = [known[name] for name in export.columns if name in known]
    picker = view_exports.Changes(export.view_export) if export.view_export else None
    return Content(query, export.output, columns, picker)


def _count(query: ListQuery) -> int:
    try:
        return query.count_all(seconds=COUNT_SECONDS)
    except QueryTooSlow:
        return 0


def cancel_export(export: Export) -> bool:
    """Stop an export and delete its files; return False if it has already ended."""
    if not Export.objects.filter(pk=export.pk).finish(Export.Status.CANCELLED):
        return False
    export_files.delete_files(export.pk)
    return True


def delete_expired() -> int:
    """Delete exports that are past their date, with their files; return how many."""
    expired = list(Export.objects.filter(expires_at__lt=Now()).values_list("pk", flat=True)[:500])
    for pk in expired:
        export_files.delete_files(pk)
    Export.objects.filter(pk__in=expired).delete()
    export_files.delete_orphaned_files()
    return len(expired)


WORK = slices.SlicedWork("export", "batches.tasks.run_export", _work, _fail)
