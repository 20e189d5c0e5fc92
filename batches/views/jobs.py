"""Jobs: the jobs of a batch, one job, and the scan of one domain."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from batches.lists import JOBS, jobs_of
from batches.models import Batch, Job
from batches.options import BatchOptions
from batches.progress import status_counts, with_stages
from batches.services import initiate_scan
from batches.tenant_limits import LimitReachedError
from scans.corrections.reading import corrected_report
from scans.lists import DOMAINS
from scans.models import Domain
from scrapersky.tenants.access import can_write, get_readable, get_writable
from scrapersky.web.http import ConsoleRequest, fragment_of
from scrapersky.web.lists.page import ListPage
from scrapersky.web.lists.selection import uuids

# List columns that the page of a batch renders in its own cells.
SHOWN_TOGETHER = frozenset(
    {"domain", "status", "outcome", "verdict", "title", "failure_reason", "error", "seconds"}
)


def rows_of_batch(request: ConsoleRequest, batch: Batch) -> dict[str, Any]:
    """Return the requested page of the job list, limited to a batch.

    The parameter `shown` names the rows that the page already shows: they are returned in their
    order with their current values, and the others are counted.
    """
    params = request.GET.copy()
    shown = uuids(params.pop("shown", [""])[-1].split(","))
    request.GET = params  # type: ignore[assignment]
    page = ListPage(
        request, jobs_of(batch), Job.objects.filter(batch=batch), default_sort="position"
    )
    jobs = page.rows_of(shown) if shown else page.rows
    for job, _ in jobs:
        job.batch = batch
    columns = [column for column in page.columns if column.name not in SHOWN_TOGETHER]
    cells = [[cell for cell in some if cell.column in columns] for _, some in jobs]
    return {
        "jobs": page,
        "columns": columns,
        "rows": list(zip(with_stages(job for job, _ in jobs), cells, strict=True)),
        "shown": ",".join(job.pk.hex for job, _ in jobs),
        "new_rows": len({job.pk for job in page.objects} - set(shown)) if shown else 0,
        "has_bar": bool(shown) or not batch.is_ended,
        "statuses": _statuses(batch),
        "status": params.get("status", ""),
        "reason": params.get("reason", ""),
        "domain": params.get("domain", ""),
        "column_text": params.get("column", ""),
        "domain_actions": DOMAINS.actions,
        "origin": f"{JOBS.name}?batch={batch.pk}&{page.query.filter_query or 'sort=position'}",
    }


def _statuses(batch: Batch) -> list[tuple[str, str, int]]:
    """Return the value, label and number of jobs of each status, preceded by the total."""
    counted = status_counts(batch)
    each = [(value, label, counted.get(value, 0)) for value, label in Job.Status.choices]
    return [("", "All", sum(counted.values())), *each]


@require_safe
def job_detail(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Show one job: the progress of its scan, or its outcome and results."""
    return render(request, "batches/job_detail.html", _job_context(request, pk))


@require_safe
@fragment_of("job_detail")
def job_progress(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Return the live part of a job's page."""
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
    """Return labels and values of the options that differ from the batch's, or from the defaults.

    `max_concurrent` is left out: it applies to the batch, even if a job has it too.
    """
    if not job.options:
        return []
    usual = job.batch.scan_options if job.batch else BatchOptions()
    own = BatchOptions.stored(job.options | {"max_concurrent": usual.max_concurrent})
    pairs = zip(own.described(), usual.described(), strict=True)
    return [option for option, default in pairs if option != default]


@require_POST
def domain_scan(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Scan a domain now, outside of any batch, and show the job."""
    domain = get_writable(Domain.objects.select_related("tenant"), request.user, pk=pk)
    try:
        job = initiate_scan(domain, created_by=request.user)
    except LimitReachedError as error:
        messages.error(request, str(error))
        return redirect("domain_detail", pk=pk)
    messages.success(request, f"{domain.host} is being scanned.", extra_tags="pending running")
    return redirect("job_detail", pk=job.pk)
