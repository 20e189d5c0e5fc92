"""Responses in the terms and fields of the older system.

Its clients poll until `completed` or `failed`, so a cancelled batch is `failed` for them. Mirrors
`get_batch_status` and `process_batch_with_own_session` of the older system's batch_functions.py.
"""

from typing import Any

from batches.models import Batch, Job

CANCELLED = "cancelled"


def ended(values: dict[str, Any]) -> dict[str, Any]:
    """Return the status of a batch, domain or job; final ones are named as older clients expect."""
    if values["status"] != CANCELLED:
        return values
    return values | {"status": "failed", "error": CANCELLED}


def batch_values(values: dict[str, Any], batch: Batch) -> dict[str, Any]:
    """Return the status of a batch with the error and metadata of the older API."""
    error = _last_failure(batch) or values["error"]
    metadata = {"domain_count": batch.total} | values["metadata"]
    return ended(values | {"error": error, "metadata": metadata})


def _last_failure(batch: Batch) -> str:
    """Name the domain that failed last, and why; the older system did so while a batch ran."""
    if not batch.failed or (batch.is_converted and batch.error):
        return ""
    failed = Job.objects.filter(batch=batch, status=Job.Status.FAILED)
    # Look up the domain of this job only: every job may have failed.
    newest = failed.order_by("-finished_at", "-position").values("pk")[:1]
    last = Job.objects.filter(pk=newest).values_list("domain__host", "error").first()
    return "Error processing domain {}: {}".format(*last) if last else ""


def sitemap_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return the status of a job in the format of the older sitemap API.

    The sitemaps are in `metadata`, where the older pages look for them, and in `result_data`, where
    the older system stored them.
    """
    report = values["result"] if isinstance(values["result"], dict) else {}
    sitemaps = [_sitemap(file) for file in report.get("sitemaps", ())]
    metadata = values["metadata"] | {"sitemaps": sitemaps}
    status = "complete" if values["status"] == "completed" else values["status"]
    extra = {"metadata": metadata, "job_metadata": metadata, "result_data": {"sitemaps": sitemaps}}
    return ended(values | {"status": status} | extra)


def _sitemap(file: dict[str, Any]) -> dict[str, Any]:
    """Return a sitemap from a report with the field names of the older API."""
    return {
        "url": file["url"],
        "sitemap_type": file["kind"],
        "discovery_method": file["source"],
        "url_count": file["url_count"],
        "size_bytes": file["bytes"],
    }
