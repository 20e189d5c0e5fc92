"""Bulk operations that create or delete work; importing this module registers them."""

from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from batches import deletion, services
from batches.lists import BATCHES
from batches.models import Batch, Job
from batches.tenant_limits import LimitReachedError
from batches.transitions import TransitionError, deletion_of
from scans.bulk import running
from scans.bulk.models import BulkAction, Progress, Result
from scans.bulk.operations import Chunk, Operation, Params, count_of, register
from scans.lists import DOMAINS
from scrapersky.tenants.access import writable
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.slices import Refused

# Maximum number of domains, and of their pages, that one transaction deletes.
DELETED_AT_ONCE = 500
PAGES_AT_ONCE = 20_000


def _scan(chunk: Chunk) -> Result:
    try:
        batch = services.create_batch(
            tenant=Tenant.objects.get(pk=chunk.rows[0].tenant_id),
            created_by=chunk.user,
            domains=[row.host for row in chunk.rows],
            name=f"Selected domains of {timezone.now():%Y-%m-%d %H:%M}",
        )
    except LimitReachedError as error:
        raise Refused(str(error)) from error
    return {"batches": [str(batch.pk)], "domains": batch.total}


def _scanned(result: Result, params: Params) -> str:
    count = result.get("domains", 0)
    return f"{count_of(count, 'domain')} {'is' if count == 1 else 'are'} being scanned."


def _batch_page(result: Result) -> str:
    batches = result.get("batches", ())
    one = len(batches) == 1
    return reverse("batch_detail", args=batches) if one else reverse("batch_list")


register(
    Operation(
        name="scan",
        list_name=DOMAINS.name,
        doing="Creating batches of the selected domains",
        apply=_scan,
        sentence=_scanned,
        chunk=services.at_once_limit,
        landing=_batch_page,
    )
)


def _delete(chunk: Chunk) -> Result:
    return {"domains": deletion.delete_domains(chunk.query)}


def _deleted(result: Result, params: Params) -> str:
    return f"{count_of(result.get('domains', 0), 'domain')} deleted."


register(
    Operation(
        name="delete",
        list_name=DOMAINS.name,
        doing="Deleting domains",
        apply=_delete,
        sentence=_deleted,
        chunk=lambda: DELETED_AT_ONCE,
        weight="page_count",
        most_weight=PAGES_AT_ONCE,
        confirm="batches/confirm_domains.html",
    )
)


# Deleting a batch walks through its jobs, not through rows of a list.


def start_batch_deletion(batch: Batch, *, with_results: bool, user: User) -> BulkAction:
    """Delete a batch, in the background if it is large; return the bulk action.

    Raises `TransitionError` for a batch that has not ended.
    """
    deletion.check_deletable(batch)
    if (action := deletion_of(batch)) is not None:
        return action
    action = BulkAction.objects.create(
        tenant_id=batch.tenant_id,
        created_by=user,
        list_name=BATCHES.name,
        operation="delete",
        params={"batch": str(batch.pk), "results": with_results, "name": str(batch)},
        total=Job.objects.filter(batch=batch).count(),
    )
    running.run_at_once([action])
    return action


def _advance_deletion(action: BulkAction, user: User) -> Progress:
    pk = UUID(action.params["batch"])
    if not writable(Batch.objects.filter(tenant=action.tenant_id), user).filter(pk=pk).exists():
        return Progress(0, is_last=True)
    try:
        jobs, domains, is_last = deletion.delete_some_jobs(
            pk, with_results=action.params["results"]
        )
    except TransitionError as error:
        raise running.Refused(str(error)) from error
    return Progress(jobs, is_last, result={"jobs": jobs, "domains": domains})


def _batch_deleted(result: Result, params: Params) -> str:
    jobs = count_of(result.get("jobs", 0), "job")
    if not params["results"]:
        return f"The batch “{params['name']}” is deleted with {jobs}. Its results are kept."
    domains = count_of(result.get("domains", 0), "domain")
    return f"The batch “{params['name']}” is deleted with {jobs} and {domains}."


register(
    Operation(
        name="delete",
        list_name=BATCHES.name,
        doing="Deleting a batch",
        sentence=_batch_deleted,
        advance=_advance_deletion,
        can_stop=False,
    )
)
