"""Format the results of a batch as a table for the terminal."""

from collections.abc import Iterable

from django.db.models import Sum
from rich import box
from rich.markup import escape
from rich.table import Table

from batches.models import Job
from scans.models import Sitemap

GOOD, ODD, BAD = "green", "yellow", "red"
# Terminal width from which each kind of result gets its own column.
ROOMY = 160


def outcome_of(job: Job) -> str:
    """Return the verdict, the failure reason, or the status of a job that has not ended."""
    if job.failure_reason:
        return job.failure_reason
    return job.scan.verdict if job.scan else job.status


def result_table(jobs: Iterable[Job], *, width: int) -> Table:
    """Return the results with a row per job; on a narrow terminal they share one column."""
    roomy = width >= ROOMY
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, width=width)
    table.add_column("Domain", no_wrap=True)
    table.add_column("Outcome", no_wrap=True)
    for name in _FINDINGS if roomy else (", ".join(_FINDINGS),):
        table.add_column(name, overflow="fold")
    table.add_column("Sitemap\nURLs", justify="right")
    table.add_column("Seconds", justify="right")
    for job in jobs:
        cells = _findings(job)
        shown = cells if roomy else ("\n".join(filter(None, cells)),)
        seconds = f"{job.seconds:.1f}" if job.seconds is not None else ""
        table.add_row(_host(job), _outcome(job), *shown, str(_sitemap_urls(job) or ""), seconds)
    return table


_FINDINGS = ("Title", "E-mails", "Phones", "Technologies")


def _findings(job: Job) -> tuple[str, ...]:
    """Return the result cells; empty for a failed job."""
    domain = job.domain
    if domain is None or not job.scan:
        return ("",) * len(_FINDINGS)
    return (
        escape(domain.title),
        escape("\n".join(domain.emails)),
        escape("\n".join(domain.phones)),
        escape(", ".join(domain.technologies)),
    )


def _host(job: Job) -> str:
    return job.domain.host if job.domain else ""


def _outcome(job: Job) -> str:
    outcome = outcome_of(job)
    colour = BAD if job.failure_reason else GOOD if outcome == "ok" else ODD
    return f"[{colour}]{outcome}[/{colour}]"


def _sitemap_urls(job: Job) -> int:
    """Return the number of pages in the sitemaps; an index lists sitemaps, not pages."""
    rows = Sitemap.objects.filter(domain=job.domain, gone_at=None).exclude(kind="index")
    return rows.aggregate(urls=Sum("url_count"))["urls"] or 0
