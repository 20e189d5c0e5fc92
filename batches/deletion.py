"""Delete domains with their jobs, and batches with or without results that only they produced."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from batches.batch_rows import delete_some_rows
from batches.models import Batch, Job
from batches.transitions import TransitionError, count_ended
from scans import removal
from scans.corrections.models import Correction
from scans.curation import Curation, DomainTag
from scans.models import Contact, Domain, ListedDomain, Scan
from scans.removal import LastScan, ScanRecord
from scans.services import lock_domains
from scrapersky.web.database_errors import retry_on_conflict

# Jobs deleted per transaction, without and with their results.
JOBS_AT_ONCE = 5_000
RESULTS_AT_ONCE = 200
# Lines of the list deleted per transaction; there may be more lines than jobs.
ROWS_AT_ONCE = 20_000


@retry_on_conflict
def delete_domains(domains: QuerySet[Domain]) -> int:
    """Delete domains and everything stored about them; return how many.

    Their waiting and running jobs are cancelled. A batch keeps its jobs, so that its counters stay
    correct, but they lose their domain; jobs without a batch are deleted.
    """
    with transaction.atomic():
        ids = list(domains.order_by("pk").values_list("pk", flat=True))
        cancelled = Job.objects.filter(domain__in=ids).cancel()
        ids = removal.lock_for_removal(ids)
        jobs = Job.objects.filter(domain__in=ids)
        cancelled += jobs.cancel()  # created before the domains were locked
        jobs.forget_domain()
        deleted = removal.remove_domains(ids)
        count_ended(cancelled)
    return deleted


def check_deletable(batch: Batch) -> None:
    """Raise `TransitionError` if a batch has not ended."""
    if not batch.is_ended:
        raise TransitionError("The batch has not ended. Cancel it before you delete it.")
    if Job.objects.filter(batch=batch, worker__isnull=False).exists():
        raise TransitionError("Some of its scans are still stopping. Try again in a few seconds.")


def delete_some_jobs(pk: UUID, *, with_results: bool) -> tuple[int, int, bool]:
    """Delete some jobs of a batch, and the batch itself after its last job.

    `with_results` also deletes what only this batch produced: domains that it added and that were
    not scanned, curated, tagged, listed, noted or corrected otherwise, and its findings on other
    domains. Returns the number of jobs and domains deleted, and whether the batch is gone. Runs in
    the caller's transaction; raises `TransitionError` if the batch was started again.
    """
    size = RESULTS_AT_ONCE if with_results else JOBS_AT_ONCE
    rows = Job.objects.filter(batch=pk).select_for_update(no_key=True, of=("self",))
    jobs = list(rows.defer("result").order_by("position", "pk")[:size])
    domain_ids = [job.domain_id for job in jobs if job.domain_id]
    if with_results:
        removal.lock_for_removal(domain_ids)
    else:
        lock_domains(domain_ids)
    batch = Batch.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if batch is None:
        return 0, 0, True
    if not batch.is_ended:
        raise TransitionError("Deleting stopped because the batch was started again.")
    produced = set(_produced_by(batch, jobs)) if with_results else set()
    others = [job for job in jobs if job.domain_id not in produced] if with_results else []
    records = _records_of(others)
    Job.objects.filter(pk__in=[job.pk for job in jobs]).delete()
    removal.remove_domains(sorted(produced))
    if records:
        ids = [record.domain_id for record in records]
        removal.remove_results(records, _last_scans(ids), scanned_later=_scanned_later(records))
        _forget_imports(batch, ids)
    Domain.objects.filter(pk__in=domain_ids, latest_batch=pk).update(latest_batch=None)
    rows_deleted = delete_some_rows(batch.pk, ROWS_AT_ONCE)
    is_last = len(jobs) < size and rows_deleted < ROWS_AT_ONCE
    if is_last:
        batch.delete()
    return len(jobs), len(produced), is_last


def count_produced(batch: Batch) -> int:
    """Count the domains that deleting a batch with its results would delete."""
    own_jobs = Job.objects.filter(batch=batch)
    return _only_of(batch, Q(pk__in=own_jobs.values("domain")), own_jobs.values("scan")).count()


def _produced_by(batch: Batch, jobs: Sequence[Job]) -> Iterable[UUID]:
    ids = [job.domain_id for job in jobs if job.domain_id]
    scans = [job.scan_id for job in jobs if job.scan_id]
    return _only_of(batch, Q(pk__in=ids), scans).values_list("pk", flat=True)


def _only_of(batch: Batch, condition: Q, scans: Any) -> QuerySet[Domain]:
    """Return the domains that a batch added and nothing else uses."""
    other_jobs = Job.objects.filter(domain=OuterRef("pk")).exclude(batch=batch)
    other_scans = Scan.objects.filter(domain=OuterRef("pk")).exclude(pk__in=scans)
    created = Domain.objects.filter(condition, created_at__gte=batch.created_at)
    uncurated = created.filter(curation=Curation.NEW, note="")
    pinned = Contact.objects.filter(domain=OuterRef("pk"), is_pinned=True)
    return uncurated.exclude(
        Exists(other_jobs)
        | Exists(other_scans)
        | Exists(DomainTag.objects.filter(domain=OuterRef("pk")))
        | Exists(ListedDomain.objects.filter(domain=OuterRef("pk")))
        | Exists(Correction.objects.filter(domain=OuterRef("pk")))
        | Exists(pinned)
    )


def _records_of(jobs: Sequence[Job]) -> list[ScanRecord]:
    """Return the scans of jobs; cancelled jobs have stored nothing."""
    ended = (Job.Status.COMPLETE, Job.Status.FAILED)
    return [
        ScanRecord(job.domain_id, job.scan_id, job.finished_at)
        for job in jobs
        if job.domain_id and job.finished_at and job.status in ended
    ]


def _scanned_later(records: Sequence[ScanRecord]) -> set[UUID]:
    """Return the domains that were scanned again, or whose sitemaps were imported, later."""
    ids = [record.domain_id for record in records]
    done = Job.objects.filter(domain__in=ids, status=Job.Status.COMPLETE).order_by()
    newest = dict(done.values("domain").annotate(at=Max("finished_at")).values_list("domain", "at"))
    return {
        record.domain_id
        for record in records
        if record.domain_id in newest and newest[record.domain_id] > record.stored_at
    }


def _forget_imports(batch: Batch, ids: Sequence[UUID]) -> None:
    """Reset domains to their state before the sitemap import, unless another import remains."""
    if batch.processor_type != Batch.ProcessorType.SITEMAP_IMPORT:
        return
    imports = Job.objects.filter(domain=OuterRef("pk"), job_type=Job.Type.SITEMAP_IMPORT)
    states = Domain.SitemapAnalysis
    ended = Domain.objects.filter(
        pk__in=ids, sitemap_analysis_status__in=[states.SUBMITTED, states.FAILED]
    )
    ended.exclude(Exists(imports)).update(
        sitemap_analysis_status=states.PENDING, sitemap_analysis_error=""
    )


def _last_scans(ids: Sequence[UUID]) -> dict[UUID, LastScan]:
    """Return the newest job of each domain that completed or failed."""
    ended = Job.objects.filter(domain__in=ids, status__in=[Job.Status.COMPLETE, Job.Status.FAILED])
    ended = ended.filter(job_type=Job.Type.WEBSITE_SCAN)
    newest = ended.values("domain").annotate(at=Max("finished_at")).order_by()
    times = dict(newest.values_list("domain", "at"))
    rows = ended.filter(finished_at__in=set(times.values())).values_list(
        "domain", "finished_at", "batch", "failure_reason"
    )
    return {
        domain: LastScan(at, batch, reason)
        for domain, at, batch, reason in rows
        if at == times[domain]
    }
