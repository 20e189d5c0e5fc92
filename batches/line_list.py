"""The list of the lines that batches were created from, with their columns and the results."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse

from batches.list_columns import batch_of, columns_of, list_filter, matching_lines, with_filter
from batches.models import Batch, BatchRow, Job
from scans.lists.common import ID
from scans.lists.domain_columns import addresses_of, source_pages_of, versions_of
from scans.lists.domain_filters import read_uuid
from scans.models import FAILURE_REASONS, VERDICTS, Domain
from scans.text_search import host_matches
from scrapersky.tenants.models import User
from scrapersky.web.lists import Column, Kind, ListDefinition, Sort, choice, register, text
from scrapersky.web.lists.filters import MAX_URL_LENGTH, Filter, single

# The outcome of a line without a job.
WITHOUT_JOB = {
    "rejected": ("Rejected", ~Q(reason="")),
    "skipped": ("Skipped", Q(domain__isnull=False, job__id__isnull=True)),
    "no_domain": ("No domain", Q(domain__isnull=True, reason="")),
}
STATUSES = [*Job.Status.choices, *((name, label) for name, (label, _) in WITHOUT_JOB.items())]


def _status(row: BatchRow) -> str:
    if row.job:
        return str(row.job.status)
    if row.reason:
        return "rejected"
    return "skipped" if row.domain_id else "no_domain"


def _has_status(values: list[str]) -> Q:
    condition = Q(job__status__in=values)
    for name, (_, alone) in WITHOUT_JOB.items():
        if name in values:
            condition |= alone
    return condition


def _of_job(name: str) -> Callable[[BatchRow], Any]:
    return lambda row: getattr(row.job, name) if row.job else None


def _of_domain(name: str) -> Callable[[BatchRow], Any]:
    return lambda row: getattr(row.domain, name) if row.domain else None


def _from_domain(read: Callable[[Domain], Any]) -> Callable[[BatchRow], Any]:
    return lambda row: read(row.domain) if row.domain else None


def _verdict(row: BatchRow) -> str:
    return row.job.scan.verdict if row.job and row.job.scan else ""


def _error(row: BatchRow) -> str:
    return row.reason or (row.job.error if row.job else "")


def _job_link(row: BatchRow) -> str:
    return reverse("job_detail", args=[row.job.pk]) if row.job else ""


def _domain_fact(name: str, label: str, kind: Kind = Kind.TEXT, **options: Any) -> Column:
    return Column(name, label, kind, _of_domain(name), fields=(f"domain__{name}",), **options)


RESULTS = (
    Column(
        "domain", "Domain", value=_of_domain("host"), fields=("domain__host", "job__id"),
        link=_job_link,
    ),
    Column(
        "status", "Status", Kind.STATE, value=_status,
        fields=("reason", "domain_id", "job__status"),
    ),
    Column(
        "failure_reason", "Failure reason", Kind.STATE, value=_of_job("failure_reason"),
        fields=("job__failure_reason",),
    ),
    Column("error", "Error", value=_error, fields=("reason", "job__error")),
    Column("verdict", "Verdict", Kind.STATE, value=_verdict, fields=("job__scan__verdict",)),
    _domain_fact("final_url", "Address", Kind.URL),
    _domain_fact("title", "Title"),
    _domain_fact("description", "Description", is_default=False),
    _domain_fact("language", "Language"),
    _domain_fact("best_email", "Best e-mail"),
    _domain_fact("best_phone", "Best phone"),
    _domain_fact("emails", "E-mails", Kind.ITEMS, is_default=False),
    _domain_fact("phones", "Phones", Kind.ITEMS, is_default=False),
    _domain_fact("social", "Social networks", Kind.PAIRS, is_default=False),
    _domain_fact("technologies", "Technologies", Kind.ITEMS),
    Column(
        "versions", "Technology versions", Kind.PAIRS, value=_from_domain(versions_of),
        fields=("domain__host",), prefetch=("domain__technology_rows",), is_default=False,
    ),
    Column(
        "addresses", "Addresses", Kind.ITEMS, value=_from_domain(addresses_of),
        fields=("domain__host",), prefetch=("domain__contacts",), is_default=False,
    ),
    Column(
        "source_pages", "Pages with contacts", Kind.ITEMS, value=_from_domain(source_pages_of),
        fields=("domain__host",), prefetch=("domain__contacts",), is_default=False,
    ),
    _domain_fact("page_count", "Pages", Kind.NUMBER, is_default=False),
    Column(
        "scanned_at", "Scanned", Kind.TIME, value=_of_job("finished_at"),
        fields=("job__finished_at",),
    ),
    Column("line", "Line", Kind.NUMBER, is_default=False),
    Column("position", "Position", Kind.NUMBER, is_default=False),
    Column("batch_id", "Batch id", Kind.ID, is_default=False),
    ID,
)  # fmt: skip


def _narrow(definition: ListDefinition, params: QueryDict, user: User) -> ListDefinition:
    batch = batch_of(params, user)
    return lines_of(batch, definition) if batch else definition


def lines_of(batch: Batch, definition: ListDefinition) -> ListDefinition:
    """Return the list of a batch's lines: its own columns, followed by the results."""
    heads = batch.list_columns or []
    own = columns_of(batch, lambda row: row, fields=("values", "kinds"))
    taken = {head.strip().casefold() for head in heads}
    results = tuple(_beside(column, taken) for column in RESULTS)
    narrowed = with_filter(definition, _by_list(heads))
    return replace(narrowed, columns=own + results)


def _beside(column: Column, taken: set[str]) -> Column:
    """Return a result column, renamed in files if the list has a column of the same name."""
    if not taken & {column.name, column.label.casefold()}:
        return column
    return replace(column, header=f"scan_{column.name}", label=f"{column.label} (scan)")


def _by_list(heads: list[str]) -> Filter:
    def condition(wanted: list[Any]) -> Q:
        return Q(pk__in=matching_lines(BatchRow.objects.all(), wanted).values("pk"))

    return list_filter(condition, heads)


LINES = register(
    ListDefinition(
        name="lines",
        label="Lines of lists",
        singular="line",
        rows=BatchRow.objects.all,
        columns=RESULTS,
        filters=(
            _by_list([]),
            text(
                "domain",
                "Domain",
                lambda value: host_matches(value, "domain__"),
                max_length=MAX_URL_LENGTH,
            ),
            choice("status", "Status", STATUSES, _has_status),
            choice("reason", "Failure reason", FAILURE_REASONS, "job__failure_reason"),
            choice("verdict", "Verdict", VERDICTS, "job__scan__verdict"),
            single("batch", "Batch", read_uuid, lambda value: Q(batch_id=value)),
        ),
        sorts=(
            Sort("id", ("id",), is_unique=True),
            Sort("position", ("position",), within="batch"),
        ),
        default_sort="-id",
        tenant_path="batch__tenant_id",
        row_fields=("batch_id", "domain_id"),
        url_name="line_list",
        empty_text="Every line of a list whose columns are kept appears here, with the results.",
        narrow=_narrow,
    )
)
