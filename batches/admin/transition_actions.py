"""Actions on selected rows: each row is handled separately, and refusals are listed."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from batches import transitions
from batches.models import Batch, Job
from batches.transitions import TransitionError
from scans.models import Domain
from scrapersky.tenants.models import User

# Rows that one request may change; each takes at least one transaction.
MAX_ROWS = 500
NAMED = 10
Row = TypeVar("Row", Batch, Domain, Job)


@admin.action(description="Pause", permissions=["view"])
def pause(model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Batch]) -> None:
    """Pause the batches: running scans finish, no new ones start."""
    each_row(model_admin, request, rows, transitions.pause_batch, "Paused")


@admin.action(description="Resume", permissions=["view"])
def resume(model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Batch]) -> None:
    """Resume the paused batches."""
    each_row(model_admin, request, rows, transitions.resume_batch, "Resumed")


@admin.action(description="Cancel", permissions=["view"])
def cancel(model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Batch]) -> None:
    """Cancel the batches; finished results are kept."""
    each_row(model_admin, request, rows, transitions.cancel_batch, "Cancelled")


@admin.action(description="Retry failed jobs", permissions=["view"])
def retry_failed(
    model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Batch]
) -> None:
    """Retry the failed jobs of the batches."""
    each_row(model_admin, request, rows, transitions.retry_batch, "Retried")


@admin.action(description="Run again, as a new batch", permissions=["view"])
def run_again(model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Batch]) -> None:
    """Create a new batch of the same domains for each."""
    user = cast(User, request.user)
    each_row(
        model_admin,
        request,
        rows,
        lambda batch: transitions.rerun_batch(batch, created_by=user),
        "Started again",
    )


@admin.action(description="Retry failed jobs", permissions=["view"])
def retry_jobs(model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Job]) -> None:
    """Retry the failed and cancelled jobs."""
    user = cast(User, request.user)
    each_row(
        model_admin,
        request,
        rows.select_related("batch", "domain"),
        lambda job: transitions.retry_job(job, created_by=user),
        "Retried",
    )


@admin.action(description="Cancel", permissions=["view"])
def cancel_jobs(model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Job]) -> None:
    """Cancel the waiting and running jobs."""
    each_row(
        model_admin, request, rows.select_related("domain"), transitions.cancel_job, "Cancelled"
    )


def each_row(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    rows: QuerySet[Row],
    control: Callable[[Row], Any],
    done: str,
) -> None:
    """Apply an action to each row; report the number done and why others were refused."""
    selected = list(rows.select_related("tenant")[: MAX_ROWS + 1])
    if len(selected) > MAX_ROWS:
        sentence = f"Nothing was done: more than {MAX_ROWS} rows are selected. Select fewer."
        model_admin.message_user(request, sentence, messages.ERROR)
        return
    refused = [f"{row}: {reason}" for row in selected if (reason := _refusal(control, row))]
    won, noun = len(selected) - len(refused), rows.model._meta
    kind = noun.verbose_name if len(selected) == 1 else noun.verbose_name_plural
    if won:
        sentence = f"{done} {won} of {len(selected)} {kind}."
        model_admin.message_user(request, sentence, messages.SUCCESS)
    if refused:
        more = f" And {len(refused) - NAMED} more." if len(refused) > NAMED else ""
        sentence = f"Not {done.lower()}: {' '.join(refused[:NAMED])}{more}"
        model_admin.message_user(request, sentence, messages.WARNING)


def _refusal(control: Callable[[Row], Any], row: Row) -> str:
    """Return why an action was refused; empty if it succeeded."""
    try:
        control(row)
    except TransitionError as error:
        return str(error)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""
