"""Reports of every version are shown, exported and compared like current ones."""

import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.api_clients import program_of
from scans.engine.report import REPORT_VERSION, SiteReport
from scans.history import changes_between
from scans.models import Domain, Scan
from scans.reports import read_report, read_result
from scrapersky.tenants.models import Tenant, User

SAMPLES = {path.stem: path for path in sorted((Path(__file__).parent / "reports").glob("*.json"))}
NEWEST = json.loads(SAMPLES[f"version_{REPORT_VERSION}"].read_text())
LISTS = ("contacts", "technologies", "sitemaps", "requests")
TITLE = "Bakery at the Mill"


def sample(name: str) -> dict[str, Any]:
    return json.loads(SAMPLES[name].read_text())


def without(report: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a copy of a report that lacks a field, `title` or `contacts.label`."""
    stored = copy.deepcopy(report)
    name, _, inner = path.partition(".")
    if not inner:
        del stored[name]
        return stored
    for item in stored[name] if isinstance(stored[name], list) else [stored[name]]:
        del item[inner]
    return stored


FIELDS = [
    *NEWEST,
    *(f"{name}.{inner}" for name in LISTS for inner in NEWEST[name][0]),
    *(f"robots.{inner}" for inner in NEWEST["robots"]),
]


def stored_batch(tenant: Tenant, report: Any) -> Batch:
    """Store a batch with three jobs: one with this report, one in test mode, one that failed.

    They are stored as by an older version, next to an earlier scan of the current one.
    """
    hosts = ["bakery.example", "test.example", "failed.example"]
    batch = create_batch(tenant=tenant, created_by=None, domains=hosts)
    domain = Domain.objects.get(host="bakery.example")
    now = timezone.now()
    for at, contents in ((now - timedelta(days=1), NEWEST), (now, report)):
        newest = Scan.objects.create(
            tenant=tenant,
            domain=domain,
            verdict="ok",
            report=contents,
            started_at=at - timedelta(seconds=2),
            finished_at=at,
        )
    Domain.objects.filter(pk=domain.pk).update(status="scanned", latest_scan=newest)
    jobs = batch.jobs.order_by("position")
    ended = {"finished_at": now, "started_at": now, "scan": newest}
    first, second, third = jobs
    Job.objects.filter(pk=first.pk).update(status="complete", **ended)
    ended["scan"] = None
    Job.objects.filter(pk=second.pk).update(status="complete", result=report, **ended)
    requests = {"requests": report.get("requests", [])}
    failure = {"status": "failed", "failure_reason": "tls_error", "result": requests}
    Job.objects.filter(pk=third.pk).update(**failure, **ended)
    return batch


def pages_of(batch: Batch) -> list[str]:
    """Return every URL that shows the contents of a batch's reports."""
    first, second, third = batch.jobs.order_by("position")
    api = "/api/v3/batch_page_scraper"
    return [
        f"/domains/{first.domain_id}/",
        *(f"/jobs/{job.pk}/" for job in (first, second, third)),
        f"/batches/{batch.pk}/",
        f"/batches/{batch.pk}/results.csv",
        f"/batches/{batch.pk}/results.json",
        f"/admin/scans/scan/{first.scan_id}/change/",
        *(f"/admin/batches/job/{job.pk}/change/" for job in (first, second, third)),
        f"{api}/batch/{batch.pk}/status",
        *(f"{api}/status/{job.pk}" for job in (first, second, third)),
    ]


def read_whole(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    content = b"".join(response) if response.streaming else response.content
    return content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_of_every_version_is_shown_and_exported(
    default_tenant: Tenant, admin_user: User, client: Client, name: str
) -> None:
    batch = stored_batch(default_tenant, sample(name))
    client.force_login(admin_user)
    bodies = {url: read_whole(client, url) for url in pages_of(batch)}
    shown = [url for url, body in bodies.items() if TITLE in body]
    first, second, _ = batch.jobs.order_by("position")
    for url in (f"/domains/{first.domain_id}/", f"/jobs/{first.pk}/", f"/jobs/{second.pk}/"):
        assert url in shown
    assert f"/batches/{batch.pk}/results.csv" in shown


@pytest.mark.django_db
@pytest.mark.parametrize("path", FIELDS)
def test_a_report_that_lacks_a_field_is_still_shown(
    default_tenant: Tenant, admin_user: User, client: Client, path: str
) -> None:
    batch = stored_batch(default_tenant, without(NEWEST, path))
    client.force_login(admin_user)
    domain_page, *others = pages_of(batch)
    for url in (domain_page, *others[:3]):
        read_whole(client, url)


@pytest.mark.django_db
def test_the_api_returns_what_a_report_lacks(default_tenant: Tenant, user: User) -> None:
    batch = stored_batch(default_tenant, without(NEWEST, "technologies"))
    for job in batch.jobs.order_by("position")[:2]:
        url = f"/api/v3/batch_page_scraper/status/{job.pk}"
        result = program_of(user).get(url).json()["result"]
        assert (result["title"], result["technologies"]) == (TITLE, [])


@pytest.mark.django_db
def test_a_part_of_a_report_is_read_as_it_is_stored(default_tenant: Tenant) -> None:
    stored_batch(default_tenant, NEWEST)
    assert set(Scan.objects.values_list("report__title", flat=True)) == {TITLE}
    assert Scan.objects.filter(report__coverage__inventory=True).count() == 2
    (report, _) = Scan.objects.values_list("report", flat=True)
    assert report["pages"] == []


def test_the_samples_are_of_consecutive_versions() -> None:
    versions = [read_report(sample(name))["version"] for name in SAMPLES]
    assert versions == list(range(1, REPORT_VERSION + 1))


@pytest.mark.parametrize("stored", [None, [], "text", {}, {"contacts": None, "robots": "text"}])
def test_anything_is_read_as_a_report(stored: Any) -> None:
    report = read_report(stored)
    empty = SiteReport("", "", "").as_dict()
    assert report == empty | {"version": 1, "page_count": 0}


def test_a_field_that_no_version_knows_is_kept() -> None:
    report = read_report(NEWEST | {"novelty": 1, "contacts": [{"value": "a@b.example", "x": 2}]})
    assert report["novelty"] == 1
    (contact,) = report["contacts"]
    assert (contact["value"], contact["kind"], contact["confidence"], contact["x"]) == (
        "a@b.example",
        "",
        1.0,
        2,
    )


def test_defaults_are_not_shared_between_reports() -> None:
    read_report({})["contacts"].append("x")
    assert read_report({})["contacts"] == []


@pytest.mark.parametrize("result", [None, 5, "text", [1], {"imported": "text"}, {"sitemaps": 2}])
def test_a_result_that_is_no_report_stays_as_it_is(result: Any) -> None:
    assert read_result(result) == result


def test_reports_of_two_versions_are_compared() -> None:
    before, after = (read_report(sample(name)) for name in ("version_1", "version_2"))
    assert changes_between(before, after) == []
    changes = changes_between(before, after | {"title": "Another"})
    assert [change.field for change in changes] == ["title"]
