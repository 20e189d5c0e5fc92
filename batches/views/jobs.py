"""Jobs: the rows of a batch, one job, and the scan of one domain."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from batches.lists import JOBS
from batches.models import Batch, Job
from batches.options import BatchOptions
from batches.progress import with_stages
from batches.services import initiate_scan
from scans.corrections.reading import corrected_report
from scans.models import Domain
from scrapersky.tenants.access import can_write, get_readable, get_writable
from scrapersky.web.http import ConsoleRequest, fragment_of
from scrapersky.web.lists.views import ListPage

# Columns of the list that a batch's page shows in cells of its own.
SHOWN_TOGETHER = frozenset(
    {"domain", "status", "outcome", "verdict", "title", "failure_reason", "error", "seconds"}
)


def rows_of_batch(request: ConsoleRequest, batch: Batch) -> dict[str, Any]:
    """Return the page of the jobs list, limited to a batch, that the query string asks for."""
    jobs = ListPage(request, JOBS, Job.objects.filter(batch=batch), default_sort="position")
    for job in jobs.objects:
        job.batch = batch
    columns = [column for column in jobs.columns if column.name not in SHOWN_TOGETHER]
    cells = [[cell for cell in some if cell.column in columns] for _, some in jobs.rows]
    return {
        "jobs": jobs,
        "columns": columns,
        "rows": list(zip(with_stages(jobs.objects), cells, strict=True)),
        "statuses": [("", "All"), *Job.Status.choices],
        "status": request.GET.get("status", ""),
        "reason": request.GET.get("reason", ""),
    }


@require_safe
@fragment_of("batch_detail")
def batch_jobs(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Return a page of a batch's jobs."""
    batch = get_readable(Batch.objects.all(), request.user, pk=pk)
    context = {"batch": batch, "may_control": can_write(request.user, batch.tenant_id)}
    context |= rows_of_batch(request, batch)
    return render(request, "batches/_jobs.html", context)


@require_safe
def job_detail(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show one job: where its scan is, or how it ended and what it found."""
    return render(request, "batches/job_detail.html", _job_context(request, pk))


@require_safe
@fragment_of("job_detail")
def job_progress(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Return the part of a job's page that moves."""
    return render(request, "batches/_job.html", _job_context(request, pk))


def _job_context(request: ConsoleRequest, pk: UUID) -> dict[str, Any]:
    jobs = Job.objects.select_related("domain", "batch", "scan", "created_by")
    job = get_readable(jobs, request.user, pk=pk)
    summary = job.result or {}
    report = corrected_report(job.domain_id, job.scan.report if job.scan else summary)
    return {
        "job": job,
        "row": with_stages([job])[0],
        "may_control": can_write(request.user, job.tenant_id),
        "report": report if "verdict" in report else {},
        "requests": report.get("requests", []),
        "own_options": _own_options(job),
        "private_address": job.private_address if request.user.is_superuser else None,
    }


def _own_options(job: Job) -> list[tuple[str, str]]:
    """Return label and value of the options that differ from those of the batch, or the defaults.

    How many sites are scanned at once is an option of the batch, even where a job has it too.
    """
    if not job.options:
        return []
    usual = job.batch.scan_options if job.batch else BatchOptions()
    own = BatchOptions.stored(job.options | {"max_concurrent": usual.max_concurrent})
    both = zip(own.described(), usual.described(), strict=True)
    return [mine for mine, others in both if mine != others]


@require_POST
def domain_scan(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Scan a domain now, outside any batch, and show the job."""
    domain = get_writable(Domain.objects.select_related("tenant"), request.user, pk=pk)
    job = initiate_scan(domain, created_by=request.user)
    messages.success(request, f"{domain.host} is being scanned.")
    return redirect("job_detail", pk=job.pk)
