"""The calls of the older system's pages, in order, polled to completion.

Mirrors static/batch-domain-scanner.html, contentmap.html and single-domain-scanner.html of
hgroman/scrapersky-backend at 69d57a61.
"""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.api_clients import program_of
from batches.tests.outcomes import complete, fail
from batches.transitions import cancel_batch, cancel_job
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db

API = "/api/v3"
PAGES = ("batch_page_scraper", "modernized_page_scraper")
# The statuses at which each page stops polling.
STOPS = {
    "batch_page_scraper": {"completed", "failed"},
    "modernized_page_scraper": {"completed", "failed"},
    "sitemap": {"complete", "completed", "failed"},
}
NO_ADDRESS = "The domain name does not resolve to an address."
LAST_ERROR = f"Error processing domain b.example: {NO_ADDRESS}"
Step = Callable[[Any], object]


@pytest.fixture
def program(user: User) -> Client:
    return program_of(user)


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    response = client.post(f"{API}/{path}", body, content_type="application/json")
    assert 200 <= response.status_code < 300, response.content
    return response.json()


def poll(client: Client, url: str, stops: set[str], steps: list[Step], row: Any) -> Any:
    """Poll like a page while the work progresses; return the final response."""
    for step in steps:
        assert client.get(url).json()["status"] not in stops
        step(row)
    status = client.get(url).json()
    assert status["status"] in stops
    return status


def fail_one(job: Job) -> None:
    fail(job, "dns_not_found", NO_ADDRESS)


def each(*steps: Step) -> list[Step]:
    """Return the steps that end the jobs of a batch, one after another."""
    return [
        lambda batch, place=place, step=step: step(batch.jobs.get(position=place))  # type: ignore[misc]
        for place, step in enumerate(steps)
    ]


ENDS: dict[str, tuple[list[Step], tuple[str, str | None, list[str]]]] = {
    "complete": (each(complete, complete), ("completed", None, ["completed", "completed"])),
    "partial": (each(complete, fail_one), ("completed", LAST_ERROR, ["completed", "failed"])),
    "failed": (each(fail_one, fail_one), ("failed", LAST_ERROR, ["failed", "failed"])),
    "cancelled": (
        [*each(complete), cancel_batch],
        ("failed", "cancelled", ["completed", "failed"]),
    ),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("page", PAGES)
def test_the_batch_page_polls_to_every_end(program: Client, page: str, end: str) -> None:
    body = {"domains": ["a.example", "b.example"], "max_pages": 10, "max_concurrent": 5}
    created = post(program, f"{page}/batch", body)
    assert created["status_url"] == f"{API}/batch_page_scraper/batch/{created['batch_id']}/status"
    check_end(program, f"{API}/{page}/batch/{created['batch_id']}/status", page, end)


@pytest.mark.parametrize("end", ENDS)
def test_a_batch_of_sitemaps_polls_to_every_end(program: Client, end: str) -> None:
    body = {"domains": ["a.example", "b.example"], "max_pages": 1000}
    created = post(program, "sitemap/batch/create", body)
    assert (created["status"], created["total_domains"]) == ("pending", 2)
    assert Batch.objects.get().processor_type == Batch.ProcessorType.SITEMAP_IMPORT
    check_end(program, created["status_url"], "sitemap", end)


def check_end(program: Client, url: str, page: str, end: str) -> None:
    steps, expected = ENDS[end]
    status = poll(program, url, STOPS[page], steps, Batch.objects.get())
    domains = [domain["status"] for domain in status["domain_statuses"].values()]
    assert (status["status"], status["error"], domains) == expected
    assert status["metadata"]["domain_count"] == 2
    assert program.get(f"{url}?domain_statuses=false").json()["status"] == status["status"]


JOB_ENDS: dict[str, tuple[Step, str, str | None]] = {
    "complete": (complete, "completed", None),
    "failed": (fail_one, "failed", NO_ADDRESS),
    "cancelled": (cancel_job, "failed", "cancelled"),
}


@pytest.mark.parametrize("end", JOB_ENDS)
@pytest.mark.parametrize("page", STOPS)
def test_the_page_of_one_domain_polls_to_every_end(program: Client, page: str, end: str) -> None:
    body = {"base_url": "a.example", "max_pages": 100, "follow_robots_txt": True}
    created = post(program, f"{page}/scan", body)
    job = Job.objects.select_related("domain").get()
    assert job.job_type == ("sitemap_import" if page == "sitemap" else "website_scan")
    step, word, error = JOB_ENDS[end]
    status = poll(program, created["status_url"], STOPS[page], [step], job)
    if page == "sitemap":
        word = word.replace("completed", "complete")
        listed = [file["url"] for file in status["metadata"]["sitemaps"]]
        assert listed == (["https://a.example/sitemap.xml"] if end == "complete" else [])
    assert (status["status"], status["error"]) == (word, error)
    same = program.get(f"{API}/{page}/status/{created['job_id']}").json()
    assert same == status


def test_what_is_cancelled_is_called_so_outside_the_older_paths(
    program: Client, default_tenant: Tenant
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    cancelled = program.post(f"{API}/batches/{batch.pk}/cancel").json()
    assert (cancelled["status"], cancelled["error"]) == ("cancelled", None)
    assert program.get(f"{API}/batches/{batch.pk}").json()["status"] == "cancelled"


def test_the_error_of_an_older_batch_is_its_own(program: Client, default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    fail_one(batch.jobs.get())
    Batch.objects.filter(pk=batch.pk).update(
        legacy_id=7, error="As it was.", metadata={"domain_count": 9, "legacy": {}}
    )
    status = program.get(f"{API}/batch_page_scraper/batch/7/status").json()
    assert (status["error"], status["metadata"]["domain_count"]) == ("As it was.", 9)


@pytest.mark.parametrize(
    "form", ["batch_{0.hex}", "batch_domain_sitemap_{0}", "JOB-{0}", "{0.hex}"]
)
def test_an_id_of_a_prefix_and_a_uuid_is_kept_and_either_leads_to_the_batch(
    program: Client, form: str
) -> None:
    requested_id = uuid.uuid4()
    text = form.format(requested_id)
    body = {"domains": ["a.example"], "batch_id": text}
    assert post(program, "batch_page_scraper/batch", body)["batch_id"] == str(requested_id)
    batch = Batch.objects.get()
    assert (batch.pk, batch.legacy_batch_id, batch.is_converted) == (requested_id, text, False)
    for key in (text, requested_id):
        status = program.get(f"{API}/batch_page_scraper/batch/{key}/status")
        assert status.json()["batch_id"] == str(requested_id)
    for again in (text, str(requested_id), f"other_{requested_id}"):
        taken = program.post(
            f"{API}/batch_page_scraper/batch",
            body | {"batch_id": again},
            content_type="application/json",
        )
        assert taken.status_code == 409


def test_an_id_that_another_tenant_has_is_kept_beside_the_batch(
    program: Client, other_tenant: Tenant
) -> None:
    requested_id = uuid.uuid4()
    create_batch(tenant=other_tenant, created_by=None, domains=["a.example"], batch_id=requested_id)
    body = {"domains": ["a.example"], "batch_id": f"batch_{requested_id.hex}"}
    assert post(program, "batch_page_scraper/batch", body)["batch_id"] == str(requested_id)
    for key in (f"batch_{requested_id.hex}", requested_id):
        status = program.get(f"{API}/batch_page_scraper/batch/{key}/status").json()
        assert (status["batch_id"], status["total_domains"]) == (str(requested_id), 1)


@pytest.mark.parametrize(
    "wrong", ["batch_0123456789ab", "310", "", "{}_tail", "2x_{}", 310, "a_" * 100 + "{}"]
)
def test_any_other_id_is_422(program: Client, wrong: str | int) -> None:
    text = wrong.format(uuid.uuid4()) if isinstance(wrong, str) else wrong
    body = {"domains": ["a.example"], "batch_id": text}
    url = f"{API}/batch_page_scraper/batch"
    response = program.post(url, body, content_type="application/json")
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["batch_id"]
    assert not Batch.objects.exists()
