"""Stream the results of a batch of any size as CSV or JSON, row by row.

The results are those of the batch's own scans, which later scans do not change. The JSON has each
value as scanned; the CSV is written like that of every list (docs/exports.md).
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import StreamingHttpResponse
from django.utils.text import slugify

from batches.models import Batch, Job
from scans.corrections.reading import corrected
from scans.engine.best_contact import best_of_report
from scrapersky.web.lists.columns import Column
from scrapersky.web.lists.formats import Format, text_head, text_rows

READ_AT_ONCE = 200
COLUMNS = (
    "domain",
    "status",
    "verdict",
    "failure_reason",
    "error",
    "final_url",
    "title",
    "description",
    "language",
    "best_email",
    "best_phone",
    "emails",
    "phones",
    "social",
    "addresses",
    "technologies",
    "sitemaps",
    "pages",
    "seconds",
    "scanned_at",
)
JOB_COLUMNS = (
    "pk",
    "position",
    "domain__host",
    "status",
    "failure_reason",
    "error",
    "started_at",
    "finished_at",
    "scan__report",
    "result",
    "domain__best_email",
    "domain__best_phone",
    "domain_id",
)
Facts = dict[str, Any]


def csv_download(batch: Batch, kind: Format = Format.CSV) -> StreamingHttpResponse:
    """Return the CSV of a batch, for programs or for people, as for every list."""
    return _download(batch, _csv(batch, kind), "csv", kind.content_type)


def _csv(batch: Batch, kind: Format) -> Iterator[bytes]:
    columns = [Column(name, name, value=itemgetter(name)) for name in COLUMNS]
    yield text_head(kind, columns)
    results = results_of(batch)
    while part := list(islice(results, READ_AT_ONCE)):
        yield text_rows(kind, columns, part)


def json_download(batch: Batch) -> StreamingHttpResponse:
    """Return the JSON of a batch: an array with an object for each job."""
    return _download(batch, json_lines(results_of(batch)), "json", "application/json")


def _download(
    batch: Batch, body: Iterable[str | bytes], suffix: str, kind: str
) -> StreamingHttpResponse:
    name = slugify(batch.name)[:80] or f"batch-{batch.public_id}"
    response = StreamingHttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    return response


def results_of(batch: Batch) -> Iterator[Facts]:
    """Yield the result of each job of a batch, in the order of its list."""
    for row in _job_rows(batch):
        job_id, _, host, status, reason, error, started, finished, *best, report = row
        row_facts = facts(
            domain=host or "",
            status=status,
            failure_reason=reason,
            error=error,
            seconds=(finished - started).total_seconds() if started and finished else None,
            scanned_at=finished,
            best=tuple(best),
            report=report,
        )
        yield {"job_id": job_id, **row_facts}


def _job_rows(batch: Batch) -> Iterator[tuple]:
    """Yield the jobs of a batch by keyset pages.

    A single cursor would not do: outside a transaction PostgreSQL would first copy every report of
    the batch to disk, and a slow download would hold the cursor open.
    """
    rows = Job.objects.filter(batch=batch).order_by("position", "pk").values_list(*JOB_COLUMNS)
    page = list(rows[:READ_AT_ONCE])
    while page:
        known = corrected(row[-1] for row in page)
        for *row, scanned, result, email, phone, domain_id in page:
            report = scanned if scanned is not None else result
            yield (*row, email, phone, known[domain_id].apply(report))
        job_id, position = page[-1][:2]
        # `position__gte` uses the index; the rest skips the rows already read at this position.
        following = rows.filter(position__gte=position).exclude(position=position, pk__lte=job_id)
        page = list(following[:READ_AT_ONCE])


def facts(
    *,
    domain: str,
    status: str,
    failure_reason: str = "",
    error: str = "",
    seconds: float | None = None,
    scanned_at: datetime | None = None,
    best: tuple[str | None, str | None] | None = None,
    report: Any = None,
) -> Facts:
    """Return one result: the columns, as lists where they have several values, and the full report.

    `report` is a scan's report, the requests of a failed scan, the counts of a sitemap import, or
    data of the older system. `best` are the best e-mail address and phone number of a domain;
    without it, those of the report.
    """
    counts = report if isinstance(report, dict) else {}
    site = counts if "verdict" in counts and "contacts" in counts else {}
    email, phone = best or (best_of_report(site) if site else (None, None))
    return {
        "domain": domain,
        "status": status,
        "verdict": site.get("verdict", ""),
        "failure_reason": failure_reason,
        "error": error,
        **{name: site.get(name, "") for name in ("final_url", "title", "description", "language")},
        "best_email": email or "",
        "best_phone": phone or "",
        "emails": _values(site, "email"),
        "phones": _values(site, "phone"),
        "social": _values(site, "social"),
        "addresses": _values(site, "address"),
        "technologies": [item["name"] for item in site.get("technologies", ())],
        "sitemaps": _count(counts.get("sitemaps")),
        "pages": _count(counts.get("page_count", counts.get("pages"))),
        "seconds": None if seconds is None else round(seconds, 3),
        "scanned_at": scanned_at.isoformat(timespec="seconds") if scanned_at else None,
        "report": report,
    }


def _values(report: Facts, kind: str) -> list[str]:
    return [item["value"] for item in report.get("contacts", ()) if item["kind"] == kind]


def _count(value: Any) -> int | None:
    if isinstance(value, list | tuple):
        return len(value)
    return value if isinstance(value, int) else None


def json_lines(results: Iterable[Facts]) -> Iterator[str]:
    """Yield the text of a JSON array, one object per line."""
    separator = "[\n"
    for result in results:
        yield separator + json.dumps(result, cls=DjangoJSONEncoder)
        separator = ",\n"
    yield "\n]\n" if separator == ",\n" else "[]\n"
