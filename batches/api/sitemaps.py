"""Sitemap scans at the URLs that clients of the older system call."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Router, Status
from ninja.responses import Response

from batches import services
from batches.api import older, schemas, serializers
from batches.api.batch_creation import BODY, create_from
from batches.api.lookup import find_readable
from batches.api.page_scraper import REFUSALS, UNKNOWN, start_scan
from batches.models import Batch, Job
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import ConflictError, Problem

router = Router()


@router.post("/scan", response={202: schemas.ScanCreated, **REFUSALS})
def create_sitemap_scan(request: HttpRequest, payload: schemas.SitemapScanIn) -> Status:
    """Read the sitemaps of one site; return its waiting or running scan if there is one."""
    job = start_scan(request, payload, job_type=Job.Type.SITEMAP_IMPORT)
    url = reverse("api:sitemap_status", args=[job.pk])
    return Status(202, {"job_id": job.pk, "status_url": url, "created_at": job.created_at})


@router.get("/status/{path:job_id}", response={200: schemas.JobStatus, **UNKNOWN})
def sitemap_status(request: HttpRequest, job_id: str) -> HttpResponse:
    """Return the progress of a sitemap scan; poll until `complete` or `failed`.

    `metadata.sitemaps` lists the sitemaps of a complete one.
    """
    rows = serializers.with_job_status()
    job = find_readable(rows, caller(request), job_id=job_id)
    return Response(older.sitemap_values(serializers.job_status(job)))


@router.post(
    "/batch/create",
    response={200: schemas.SitemapBatchCreated, 409: Problem, **REFUSALS},
    openapi_extra=BODY,
)
def create_sitemap_batch(request: HttpRequest) -> dict[str, Any]:
    """Read the sitemaps of a list of sites; takes the same input as `batch_page_scraper/batch`."""
    try:
        intake = create_from(request, caller(request), Batch.ProcessorType.SITEMAP_IMPORT)
    except services.BatchExistsError as error:
        raise ConflictError("batch_id", str(error)) from error
    batch, read = intake.batch, intake.read
    return {
        "batch_id": batch.public_id,
        "status": batch.status,
        "total_domains": batch.total,
        "status_url": reverse("api:sitemap_batch_status", args=[batch.public_id]),
        "invalid": schemas.invalid_lines(read) if read else [],
        "invalid_count": read.rejected_count if read else 0,
    }


@router.get("/batch/status/{path:batch_id}", response={200: schemas.BatchStatus, **UNKNOWN})
def sitemap_batch_status(request: HttpRequest, batch_id: str) -> HttpResponseBase:
    """Return the progress of a batch and its domains; poll until `completed` or `failed`."""
    batch = find_readable(Batch.objects.all(), caller(request), batch_id=batch_id)
    return serializers.status_response(batch, for_older=True)
