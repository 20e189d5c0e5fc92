"""Only superusers see the answers of internal name servers."""

import importlib
import json
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from batches.models import Job
from batches.services import create_batch
from batches.tests.api_clients import ROOT, program_of
from batches.tests.outcomes import fail
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
ADDRESS = "10.20.30.40"


@pytest.fixture
def job(default_tenant: Tenant) -> Job:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["intra.example"])
    job = fail(batch.jobs.get(), "blocked_address", "intra.example has a private address.")
    Job.objects.filter(pk=job.pk).update(private_address=ADDRESS)
    return job


def test_only_a_superuser_sees_the_address_on_the_page_of_the_job(
    job: Job, console: Client, admin_client: Client
) -> None:
    url = reverse("job_detail", args=[job.pk])
    assert ADDRESS not in console.get(url).content.decode()
    assert ADDRESS in admin_client.get(url).content.decode()


def test_no_response_of_the_api_and_no_download_names_the_address(
    job: Job, user: User, console: Client
) -> None:
    program = program_of(user)
    for url in (
        f"{ROOT}/status/{job.pk}",
        f"{ROOT}/batch/{job.batch_id}/status",
        f"{ROOT}/batch/{job.batch_id}/results.csv",
        f"{ROOT}/batch/{job.batch_id}/results.json",
        f"/api/v3/batches/{job.batch_id}",
        f"/api/v3/batches/{job.batch_id}/jobs",
    ):
        response: Any = program.get(url)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        assert response.status_code == 200
        assert ADDRESS not in body.decode()


def test_the_address_is_forgotten_with_a_retry(job: Job) -> None:
    Job.objects.filter(pk=job.pk).retry(None)
    job.refresh_from_db()
    assert job.private_address is None


def test_sentences_of_earlier_versions_lose_the_address(job: Job) -> None:
    old = f"intra.example ({ADDRESS}) is a private or reserved address, which may not be scanned."
    result = {"requests": [{"url": "https://intra.example/", "error": old}, {"url": "x"}]}
    Job.objects.update(error=old, result=result, private_address=None)
    migration = importlib.import_module("batches.migrations.0018_hide_private_addresses")
    migration.hide(apps, None)
    job.refresh_from_db()
    assert job.error.startswith("intra.example has a private or reserved address, which")
    assert ADDRESS not in json.dumps(job.result)
    assert job.private_address == ADDRESS
