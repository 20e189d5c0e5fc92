"""Run bulk actions: small ones immediately, others in slices run by the queue.

The database rows are the source of truth. Each step processes a chunk of rows and records its new
position in one transaction, so a killed process neither loses nor repeats a step. Housekeeping
requeues stalled actions.
"""

from datetime import timedelta
from itertools import accumulate
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from scans.bulk.models import BulkAction, Progress
from scans.bulk.operations import Chunk, Operation, find_operation
from scrapersky.tenants.models import User
from scrapersky.web.database_errors import retry_on_conflict
from scrapersky.web.lists.deadline import QueryTooSlow, deadline
from scrapersky.web.lists.definition import ListDefinition, Sort, find_list
from scrapersky.web.lists.keyset import Order, Rows, read_rows
from scrapersky.web.lists.selection import Selection
from scrapersky.web.slices import Refused, SlicedWork
from scrapersky.web.stopping import may_go_on

# Maximum rows of an action that is done while the user waits, and maximum seconds.
AT_ONCE = 5_000
AT_ONCE_SECONDS = 5.0
# Time limit in seconds for a chunk's query.
QUERY_SECONDS = 20.0
STALLED_AFTER = timedelta(seconds=60)
NO_ROWS = Rows([], "", "")


def start(operation: Operation, selection: Selection, params: dict, user: User) -> list[BulkAction]:
    """Create an action for each tenant of the selected rows.

    The caller runs or queues the actions.
    """
    actions = []
    for tenant_id, count in selection.counts(AT_ONCE + 1):
        actions.append(
            BulkAction.objects.create(
                tenant_id=tenant_id,
                created_by=user,
                list_name=operation.list_name,
                operation=operation.name,
                params=params,
                takes_all=selection.takes_all,
                query=selection.query if selection.takes_all else "",
                picked=[str(pk) for pk in selection.picked],
                total=count if count <= AT_ONCE else None,
            )
        )
    return actions


def run_at_once(actions: list[BulkAction]) -> None:
    """Run small actions for some seconds; queue the large ones and whatever remains."""
    end = monotonic() + AT_ONCE_SECONDS
    for action in actions:
        is_small = action.total is not None and action.total <= AT_ONCE
        if not (is_small and WORK.run(action.pk, until=end)):
            WORK.enqueue(action.pk)
        action.refresh_from_db()


def _work(pk: UUID, until: float) -> bool:
    """Process steps of an action until a time; return whether it has ended."""
    while not (is_over := _step(pk)) and may_go_on(until):
        pass
    return is_over


def _fail(pk: UUID, error: str) -> None:
    BulkAction.objects.filter(pk=pk).fail(error)


def resume_stalled() -> int:
    """Requeue actions that stalled for a minute; return how many."""
    stalled_since = timezone.now() - STALLED_AFTER
    return WORK.resume(BulkAction.objects.active().filter(updated_at__lt=stalled_since))


@retry_on_conflict
def _step(pk: UUID) -> bool:
    """Process the next chunk; return whether the action has ended or another process took over.

    The rows are read before the action is locked, so that a slow filter blocks nobody.
    """
    action = BulkAction.objects.active().select_related("created_by").filter(pk=pk).first()
    if action is None:
        return True
    operation, user = _operation_and_user(action)
    if action.status == BulkAction.Status.PENDING:
        action.begin(action.total or _count(action, user))
    page = NO_ROWS if operation.advance else _next_rows(action, operation, user)
    with transaction.atomic():
        locked = BulkAction.objects.take(pk)
        if locked is None:
            return True
        if locked.cursor != action.cursor:  # another process has processed this chunk
            return False
        if operation.advance:
            return locked.record(operation.advance(locked, user))
        return locked.record(_applied(operation, page, locked, user))


def _operation_and_user(action: BulkAction) -> tuple[Operation, User]:
    operation = find_operation(action.list_name, action.operation)
    user = action.created_by
    if operation is None:
        raise Refused("This version of ScraperSky does not have this action.")
    if user is None or not user.is_active:
        raise Refused("The account that started it was deleted or deactivated.")
    return operation, user


def _applied(operation: Operation, page: Rows, action: BulkAction, user: User) -> Progress:
    chunk = Chunk(page.rows, action.params, user)
    result = operation.apply(chunk) if chunk.rows else {}
    return Progress(len(page.rows), not page.next, page.next, result)


def _list_of(action: BulkAction) -> ListDefinition:
    definition = find_list(action.list_name)
    if definition is None:
        raise Refused("This version of ScraperSky does not have this list.")
    return definition


def _rows_of(action: BulkAction, user: User) -> QuerySet:
    """Return the selected rows that the action's user may currently change."""
    picked = [UUID(pk) for pk in action.picked]
    selection = Selection(_list_of(action), user, action.takes_all, action.query, picked)
    return selection.rows_in(action.tenant_id)


def _count(action: BulkAction, user: User) -> int | None:
    """Return the number of rows; None if counting takes too long."""
    try:
        with deadline(QUERY_SECONDS):
            return _rows_of(action, user).order_by().count()
    except QueryTooSlow:
        return None


def _next_rows(action: BulkAction, operation: Operation, user: User) -> Rows:
    """Return the next rows in an order that no action changes."""
    definition = _list_of(action)
    order = Order(_fixed_sort(definition), False, [action.tenant_id], definition.tenant_path)
    fields = {*order.sort.fields, definition.tenant_path, operation.weight} - {""}
    rows = _rows_of(action, user).only(*fields)
    with deadline(QUERY_SECONDS):
        page = read_rows(rows, order, operation.chunk(), action.cursor)
        size = _rows_within(operation, page.rows)
        return page if size == len(page.rows) else read_rows(rows, order, size, action.cursor)


def _rows_within(operation: Operation, rows: list[Any]) -> int:
    """Return how many rows fit into the maximum cost of a chunk, at least one."""
    if not operation.weight:
        return len(rows)
    sums = accumulate(getattr(row, operation.weight) for row in rows)
    return max(sum(1 for total in sums if total <= operation.most_weight), min(len(rows), 1))


def _fixed_sort(definition: ListDefinition) -> Sort:
    """Return an order whose values never change: a unique one with an index."""
    return next(sort for sort in definition.sorts if sort.is_unique)


WORK = SlicedWork("bulk action", "scans.tasks.run_bulk_action", _work, _fail)
