"""Batches and single scans at the URLs that clients of the older system call."""

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Router, Status
from ninja.errors import HttpError
from ninja.responses import Response

from batches import exports, services
from batches.api import older, schemas, serializers
from batches.api.batch_creation import BODY, create_from
from batches.api.lookup import find_readable
from batches.models import Batch, Job, Worker
from scans.engine.hostnames import InvalidDomain
from scrapersky.health import problems
from scrapersky.tenants.access import tenant_for_new_rows
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import ConflictError, InputError, Problem

REFUSALS = {401: Problem, 403: Problem, 422: Problem}
UNKNOWN = {401: Problem, 404: Problem, 422: Problem}

router = Router()


@router.post(
    "/batch", response={201: schemas.BatchCreated, 409: Problem, **REFUSALS}, openapi_extra=BODY
)
def create_batch(request: HttpRequest) -> Status:
    """Create a batch; the workers start at once.

    Domains that cannot be scanned are listed in `invalid` with their position in the list; the
    others are scanned. If none can be scanned, the response is 422. A list of more than 100,000
    domains is read after the response (`is_building`): the batch waits until its list is complete.
    """
    try:
        intake = create_from(request, caller(request))
    except services.BatchExistsError as error:
        raise ConflictError("batch_id", str(error)) from error
    batch, read = intake.batch, intake.read
    created = {
        "batch_id": batch.public_id,
        "status_url": reverse("api:batch_status", args=[batch.public_id]),
        "job_count": batch.total,
        "created_at": batch.created_at,
        "invalid": schemas.invalid_lines(read) if read else [],
        "invalid_count": read.rejected_count if read else 0,
        "skipped": batch.metadata.get("skipped", 0),
        "is_building": batch.is_building,
    }
    return Status(201, created)


@router.get("/batch/{path:batch_id}/status", response={200: schemas.BatchStatus, **UNKNOWN})
def batch_status(
    request: HttpRequest, batch_id: str, domain_statuses: bool = True
) -> HttpResponseBase:
    """Return the progress of a batch and each of its domains; poll until `completed` or `failed`.

    A cancelled batch or domain is `failed` here, with the error `cancelled`.

    `?domain_statuses=false` omits the domains, which make up most of the response for a large
    batch.
    """
    batch = find_readable(Batch.objects.all(), caller(request), batch_id=batch_id)
    if not domain_statuses:
        return Response(serializers.batch_status(batch, for_older=True))
    return serializers.status_response(batch, for_older=True)


@router.get("/batch/{path:batch_id}/results.csv", response={200: None, **UNKNOWN})
def batch_results_csv(request: HttpRequest, batch_id: str) -> StreamingHttpResponse:
    """Download the results of a batch as CSV (UTF-8; lists are joined with "; ").

    Values that a spreadsheet would run as formulas are escaped reversibly with apostrophes
    (docs/exports.md). E.164 phone numbers are unchanged.
    """
    batch = find_readable(Batch.objects.all(), caller(request), batch_id=batch_id)
    return exports.csv_download(batch)


@router.get("/batch/{path:batch_id}/results.json", response={200: None, **UNKNOWN})
def batch_results_json(request: HttpRequest, batch_id: str) -> StreamingHttpResponse:
    """Download the results of a batch as a JSON array with the full report of each domain."""
    batch = find_readable(Batch.objects.all(), caller(request), batch_id=batch_id)
    return exports.json_download(batch)


@router.post("/scan", response={201: schemas.ScanCreated, **REFUSALS})
def create_scan(request: HttpRequest, payload: schemas.ScanIn) -> Status:
    """Scan one site; return its waiting or running single scan if there is one."""
    job = start_scan(request, payload)
    url = reverse("api:job_status", args=[job.pk])
    return Status(201, {"job_id": job.pk, "status_url": url, "created_at": job.created_at})


def start_scan(request: HttpRequest, payload: schemas.ScanIn, job_type: str = "") -> Job:
    """Return the job that scans the site of a request."""
    user = caller(request)
    try:
        return services.initiate_scan(
            payload.base_url,
            tenant=tenant_for_new_rows(user),
            created_by=user,
            options={"max_pages": payload.max_pages},
            job_type=job_type,
        )
    except InvalidDomain as error:
        raise InputError("base_url", str(error)) from error


@router.get("/status/{path:job_id}", response={200: schemas.JobStatus, **UNKNOWN})
def job_status(request: HttpRequest, job_id: str) -> HttpResponse:
    """Return the progress of one scan; once it has ended, `result` holds its report.

    A cancelled scan is `failed` here, with the error `cancelled`.
    """
    rows = serializers.with_job_status()
    job = find_readable(rows, caller(request), job_id=job_id)
    return Response(older.ended(serializers.job_status(job)))


@router.get("/health", response={200: schemas.Health, 503: Problem}, auth=None)
def health(request: HttpRequest) -> dict[str, Any]:
    """Return whether the system can do its work (503 if not), and how many workers scan now.

    No running worker is not an error: workers end when there is nothing to do.
    """
    if messages := problems():
        raise HttpError(503, " ".join(messages))
    return {"status": "ok", "workers": Worker.objects.live().count()}
