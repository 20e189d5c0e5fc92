"""Show batches and results in a terminal, as text that also reads well in a file."""

import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from batches.models import Batch, Worker
from batches.progress import failure_causes
from scrapersky.web.text import printable

POLL_EVERY = 0.5
# Seconds without a worker after which the user is warned.
PATIENCE = 15
RESULT_LABELS = {
    "final_url": "Address",
    "title": "Title",
    "description": "Description",
    "language": "Language",
    "best_email": "Best e-mail",
    "best_phone": "Best phone",
    "emails": "E-mails",
    "phones": "Phones",
    "social": "Social",
    "technologies": "Technologies",
    "sitemaps": "Sitemaps",
    "pages": "Pages",
}


def progress_bar(console: Console) -> Progress:
    """Return a progress bar that counts sites; without a terminal only its end is printed."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def follow(batch: Batch, console: Console) -> None:
    """Show the progress of a batch until it ends or its failures pause it.

    `batch` is then up to date.
    """
    started = time.monotonic()
    is_reported = False
    with progress_bar(console) as bar:
        task = bar.add_task(batch.status, total=batch.total)
        while not (batch.is_ended or batch.is_paused_by_failures):
            time.sleep(POLL_EVERY)
            batch.refresh_from_db()
            failed = f", {batch.failed} failed" if batch.failed else ""
            bar.update(
                task,
                description=f"{batch.status}{failed}",
                completed=batch.ended,
                total=batch.total,
            )
            if not is_reported and time.monotonic() - started > PATIENCE and _nobody_works(batch):
                is_reported = True
                console.print(
                    "No worker has started the batch yet. Check that `manage.py up` is running."
                )


def _nobody_works(batch: Batch) -> bool:
    return batch.status == Batch.Status.PENDING and not Worker.objects.live().exists()


def batch_summary(batch: Batch) -> dict[str, Any]:
    """Return the progress of a batch, without its domains."""
    causes = failure_causes([batch.pk]) if batch.failed else []
    return {
        "batch_id": str(batch.pk),
        "name": batch.name,
        "status": batch.status,
        "total": batch.total,
        "completed": batch.completed,
        "failed": batch.failed,
        "cancelled": batch.cancelled,
        "progress": batch.progress,
        "failures": {cause.reason: cause.count for cause in causes},
        "created_at": batch.created_at.isoformat(),
        "started_at": batch.started_at.isoformat() if batch.started_at else None,
        "finished_at": batch.finished_at.isoformat() if batch.finished_at else None,
        "seconds": batch.seconds,
        "error": batch.error,
    }


def batch_lines(summary: dict[str, Any]) -> Iterator[str]:
    """Yield lines that describe the progress of a batch."""
    name = f" ({printable(summary['name'])})" if summary["name"] else ""
    yield f"Batch {summary['batch_id']}{name}: {summary['status']}"
    counts = ", ".join(f"{summary[key]} {key}" for key in ("completed", "failed", "cancelled"))
    yield f"  {summary['total']} domains: {counts}; {summary['progress']:.0%} done"
    if summary["seconds"] is not None:
        yield f"  started {summary['started_at']}, {summary['seconds']:.1f} s"
    for reason, count in summary["failures"].items():
        yield f"  {count} failed by {reason}"
    if summary["error"]:
        yield f"  {printable(summary['error'])}"


def result_lines(result: dict[str, Any]) -> Iterator[str]:
    """Yield a result (`exports.facts`) as human-readable lines."""
    seconds = "" if result["seconds"] is None else f"  {result['seconds']:.1f} s"
    outcome = result["verdict"] or result["failure_reason"] or result["status"]
    yield f"{printable(result['domain'])}  {outcome}{seconds}"
    if result["error"]:
        yield f"  {printable(result['error'])}"
    for name, label in RESULT_LABELS.items():
        value = result[name]
        text = ", ".join(value) if isinstance(value, list) else str(value or "")
        if text:
            yield f"  {label:<12} {printable(text)}"
