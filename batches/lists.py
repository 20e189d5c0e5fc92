"""The lists of batches and jobs; importing this module registers them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from batches.list_columns import batch_of, columns_of, lines_of_rows, list_filter, with_filter
from batches.models import Batch, BatchRow, Job
from batches.name_search import NameWords
from scans.lists.common import ID, IN_ORDER_OF_DOMAINS, by_domain
from scans.lists.domain_columns import addresses_of, source_pages_of, versions_of
from scans.lists.domain_filters import read_uuid
from scans.models import FAILURE_REASONS, VERDICTS, Domain
from scrapersky.tenants.models import User
from scrapersky.web.lists import Column, Kind, ListDefinition, Sort, choice, day, register, text
from scrapersky.web.lists.filters import Condition, single


def _named(value: str) -> Condition:
    """Match batches by words of their name, or by any id they have or had.

    The ids are looked up first so that each alternative can use an index.
    """
    ids = list(Batch.objects.named(value).order_by().values_list("pk", flat=True))
    return NameWords.of(value) | Q(pk__in=ids) | Q(legacy_batch_id=value)


def _batch_link(row: Batch) -> str:
    return reverse("batch_detail", args=[row.pk])


def _job_link(row: Job) -> str:
    return reverse("job_detail", args=[row.pk])


def _of_domain(name: str, default: Any = "") -> Any:
    return lambda row: getattr(row.domain, name) if row.domain else default


def _from_domain(read: Callable[[Domain], Any]) -> Callable[[Job], Any]:
    return lambda row: read(row.domain) if row.domain else None


def _verdict(row: Job) -> str:
    return row.scan.verdict if row.scan else ""


def _jobs() -> QuerySet[Job]:
    return Job.objects.all()


def _first_line(row: Job) -> BatchRow | None:
    return next(iter(row.rows.all()), None)


def _narrow(definition: ListDefinition, params: QueryDict, user: User) -> ListDefinition:
    batch = batch_of(params, user)
    return jobs_of(batch, definition) if batch else definition


def jobs_of(batch: Batch, definition: ListDefinition | None = None) -> ListDefinition:
    """Return the list of a batch's jobs, extended by the columns of its own list."""
    heads = batch.list_columns or []
    by_list = list_filter(lines_of_rows(batch), heads)
    narrowed = with_filter(definition or JOBS, by_list)
    needs = ("domain_id", "batch_id")
    own = columns_of(batch, _first_line, prefetch=("rows",), fields=needs, is_default=False)
    return replace(narrowed, columns=narrowed.columns + own)


BATCHES = register(
    ListDefinition(
        name="batches",
        label="Batches",
        singular="batch",
        rows=Batch.objects.all,
        columns=(
            Column("name", "Batch", value=str, fields=("name", "created_at"), link=_batch_link),
            Column("status", "Status", Kind.STATE),
            Column("total", "Sites", Kind.NUMBER),
            Column("completed", "Completed", Kind.NUMBER),
            Column("failed", "Failed", Kind.NUMBER),
            Column("cancelled", "Cancelled", Kind.NUMBER, is_default=False),
            Column(
                "progress",
                "Progress",
                Kind.SHARE,
                fields=("total", "completed", "failed", "cancelled"),
            ),
            Column("created_at", "Created", Kind.TIME),
            Column("started_at", "Started", Kind.TIME, is_default=False),
            Column("finished_at", "Finished", Kind.TIME, is_default=False),
            Column(
                "created_by",
                "Created by",
                value=lambda row: row.created_by.get_username() if row.created_by else "",
                fields=("created_by__username",),
            ),
            Column("processor_type", "Type", Kind.STATE, is_default=False),
            Column("error", "Error", is_default=False),
            Column("options", "Options", Kind.PAIRS, is_default=False),
            Column("legacy_batch_id", "Earlier id", is_default=False),
            ID,
        ),
        filters=(
            text(
                "q",
                "Name or id",
                _named,
                placeholder="Words in the name, or an id",
                keeps_blanks=True,
            ),
            choice("status", "Status", Batch.Status.choices, "status"),
            choice("type", "Type", Batch.ProcessorType.choices, "processor_type"),
            day("created_after", "Created after", "created_at__gte"),
            day("created_before", "Created before", "created_at__lte"),
        ),
        sorts=(Sort("created_at", ("created_at",)),),
        default_sort="-created_at",
        url_name="batch_list",
        row_url_name="batch_detail",
        empty_text="A batch is a list of domains that are scanned together.",
    )
)

JOBS = register(
    ListDefinition(
        name="jobs",
        label="Jobs",
        row_fields=(
            *("status", "stage", "progress", "worker", "batch", "host", "domain__host"),
            *("domain__title", "scan__verdict", "failure_reason", "error"),
            *("started_at", "finished_at"),
        ),
        singular="job",
        rows=_jobs,
        columns=(
            Column(
                "domain",
                "Domain",
                value=_of_domain("host", None),
                fields=("domain__host",),
                link=_job_link,
            ),
            Column("status", "Status", Kind.STATE),
            Column(
                "outcome",
                "Result",
                Kind.STATE,
                value=lambda row: row.failure_reason or _verdict(row),
                fields=("failure_reason", "scan__verdict"),
            ),
            Column("title", "Title", value=_of_domain("title"), fields=("domain__title",)),
            Column(
                "best_email",
                "Best e-mail",
                value=_of_domain("best_email", None),
                fields=("domain__best_email",),
            ),
            Column(
                "best_phone",
                "Best phone",
                value=_of_domain("best_phone", None),
                fields=("domain__best_phone",),
            ),
            Column(
                "emails",
                "E-mails",
                Kind.ITEMS,
                value=_of_domain("emails"),
                fields=("domain__emails",),
                is_default=False,
            ),
            Column(
                "phones",
                "Phones",
                Kind.ITEMS,
                value=_of_domain("phones"),
                fields=("domain__phones",),
                is_default=False,
            ),
            Column(
                "technologies",
                "Technologies",
                Kind.ITEMS,
                value=_of_domain("technologies"),
                fields=("domain__technologies",),
            ),
            Column(
                "versions",
                "Technology versions",
                Kind.PAIRS,
                value=_from_domain(versions_of),
                fields=("domain__host",),
                prefetch=("domain__technology_rows",),
                is_default=False,
            ),
            Column(
                "addresses",
                "Addresses",
                Kind.ITEMS,
                value=_from_domain(addresses_of),
                fields=("domain__host",),
                prefetch=("domain__contacts",),
                is_default=False,
            ),
            Column(
                "source_pages",
                "Pages with contacts",
                Kind.ITEMS,
                value=_from_domain(source_pages_of),
                fields=("domain__host",),
                prefetch=("domain__contacts",),
                is_default=False,
            ),
            Column("seconds", "Duration", Kind.SECONDS, fields=("started_at", "finished_at")),
            Column(
                "verdict",
                "Verdict",
                Kind.STATE,
                value=_verdict,
                fields=("scan__verdict",),
                is_default=False,
            ),
            Column("failure_reason", "Failure reason", Kind.STATE, is_default=False),
            Column("error", "Error", is_default=False),
            Column("attempts", "Attempts", Kind.NUMBER, is_default=False),
            Column("job_type", "Type", Kind.STATE, is_default=False),
            Column("position", "Position", Kind.NUMBER, is_default=False),
            Column("created_at", "Created", Kind.TIME, is_default=False),
            Column("started_at", "Started", Kind.TIME, is_default=False),
            Column("finished_at", "Finished", Kind.TIME, is_default=False),
            Column("batch_id", "Batch id", Kind.ID, is_default=False),
            Column("domain_id", "Domain id", Kind.ID, is_default=False),
            Column("scan_id", "Scan id", Kind.ID, is_default=False),
            ID,
        ),
        filters=(
            by_domain(),
            choice("status", "Status", Job.Status.choices, "status"),
            choice("reason", "Failure reason", FAILURE_REASONS, "failure_reason"),
            choice("verdict", "Verdict", VERDICTS, "scan__verdict"),
            single("batch", "Batch", read_uuid, lambda value: Q(batch_id=value)),
            list_filter(lines_of_rows(None)),
        ),
        narrow=_narrow,
        sorts=(
            Sort("created_at", ("id",), is_unique=True),
            Sort("position", ("position",), within="batch"),
            IN_ORDER_OF_DOMAINS,
        ),
        default_sort="-created_at",
        url_name="job_list",
        row_url_name="job_detail",
        empty_text="Every scan of a domain appears here, in a batch or alone.",
    )
)
