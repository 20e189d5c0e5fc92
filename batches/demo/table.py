"""The results of a batch as a table for the terminal."""

from collections.abc import Iterable

from django.db.models import Sum
from rich import box
from rich.markup import escape
from rich.table import Table

from batches.models import Job
from scans.models import Sitemap

GOOD, ODD, BAD = "green", "yellow", "red"
WIDE = 200


def outcome_of(job: Job) -> str:
    """Return the verdict, the failure reason, or the status of a job that has not ended."""
    if job.failure_reason:
        return job.failure_reason
    return job.scan.verdict if job.scan else job.status


def result_table(jobs: Iterable[Job], *, wide: bool = False) -> Table:
    """Return what was found, a row for each job; `wide` where the width is nobody's screen."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, width=WIDE if wide else None)
    for name in ("Domain", "Outcome", "Title or cause", "E-mails", "Phones", "Technologies"):
        table.add_column(name, overflow="fold", no_wrap=name == "Domain")
    table.add_column("Sitemap URLs", justify="right")
    table.add_column("Seconds", justify="right")
    for job in jobs:
        table.add_row(*_cells(job))
    return table


def _cells(job: Job) -> tuple[str, ...]:
    outcome, domain = outcome_of(job), job.domain
    assert domain is not None  # noqa: S101  (every job made here has one)
    colour = BAD if job.failure_reason else GOOD if outcome == "ok" else ODD
    return (
        domain.host,
        f"[{colour}]{outcome}[/{colour}]",
        escape(domain.title) or f"[dim]{escape(job.error)}[/dim]",
        "\n".join(domain.emails),
        "\n".join(domain.phones),
        ", ".join(domain.technologies),
        str(_sitemap_urls(job) or ""),
        f"{job.seconds:.1f}" if job.seconds is not None else "",
    )


def _sitemap_urls(job: Job) -> int:
    """Return how many pages the sitemaps name; what an index names are sitemaps."""
    rows = Sitemap.objects.filter(domain=job.domain, gone_at=None).exclude(kind="index")
    return rows.aggregate(urls=Sum("url_count"))["urls"] or 0
