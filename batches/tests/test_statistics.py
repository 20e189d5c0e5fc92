"""The daily counts: each scan is counted once, in the transaction that ends its job."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from batches.models import DailyCount, Job, Worker
from batches.runner import flush as flushing
from batches.runner.flush import flush
from batches.runner.recovery import recover
from batches.scanning.messages import ClaimedJob, failure
from batches.services import create_batch
from batches.statistics import statistics
from batches.tests.outcomes import scanned
from batches.tests.running import claim_jobs
from scans.engine.report import Verdict
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db


def claimed(tenant: Tenant, number: int) -> tuple[Worker, list[ClaimedJob]]:
    hosts = [f"host{place}.example" for place in range(number)]
    batch = create_batch(tenant=tenant, created_by=None, domains=hosts)
    type(batch).objects.start()
    worker = Worker.begin(host="h", pid=1)
    assert worker
    return worker, claim_jobs(worker, batch)


def counted() -> dict[str, int]:
    return dict(DailyCount.objects.values_list("name", "count"))


def test_each_scan_is_counted_once_however_often_its_outcome_is_written(
    default_tenant: Tenant,
) -> None:
    worker, jobs = claimed(default_tenant, 4)
    broken = failure(jobs[2], "tls_error", "The certificate has expired.", timezone.now())
    stopped = failure(jobs[3], "cancelled", "The job was cancelled.", timezone.now())
    flush(worker, [scanned(jobs[0]), broken])
    flush(worker, [scanned(jobs[0]), scanned(jobs[1], verdict=Verdict.PARKED), broken, stopped])
    expected = {"ok": 1, "parked": 1, "tls_error": 1}
    assert counted() == expected | {"email": 2, "phone": 4, "social": 2}


def test_a_flush_that_fails_counts_nothing(
    default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, jobs = claimed(default_tenant, 1)

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(flushing, "count_ended", interrupted)
    with pytest.raises(KeyboardInterrupt):
        flush(worker, [scanned(jobs[0])])
    assert counted() == {}


def test_a_job_that_was_lost_for_good_is_a_failure_of_its_tenant(default_tenant: Tenant) -> None:
    worker, jobs = claimed(default_tenant, 1)
    running = Job.objects.filter(pk=jobs[0].id)
    running.update(status=Job.Status.RUNNING, started_at=timezone.now(), attempts=2)
    Worker.objects.filter(pk=worker.pk).update(status=Worker.Status.ENDED, ended_at=timezone.now())
    recover()
    assert counted() == {"worker_lost": 1}


def test_the_figures_are_those_of_the_users_tenants_and_of_30_days(
    default_tenant: Tenant, other_tenant: Tenant, user: User, console: Client
) -> None:
    today = timezone.now().date()
    for tenant, age, name, count in (
        (default_tenant, 0, "ok", 1_200),
        (default_tenant, 29, "ok", 5),
        (default_tenant, 30, "ok", 7),
        (other_tenant, 0, "ok", 9),
    ):
        DailyCount.objects.create(
            tenant=tenant,
            day=today - timedelta(days=age),
            measure="verdict",
            name=name,
            count=count,
        )
    figures = statistics(user)
    assert figures.verdicts == [("ok", 1_205)]
    assert (figures.scanned[0], figures.scanned[-1], len(figures.days)) == (5, 1_200, 30)
    page = console.get("/").text
    assert "1,205" in page
    assert "Days begin at midnight UTC." in page
    assert "None counted yet." in page  # technologies, before their first count


def test_every_chart_has_a_table_with_its_figures(default_tenant: Tenant, console: Client) -> None:
    today = timezone.now().date()
    for measure, name in (("verdict", "ok"), ("failure", "tls_error"), ("contact", "email")):
        DailyCount.objects.create(
            tenant=default_tenant, day=today, measure=measure, name=name, count=1_234
        )
    page = LexborHTMLParser(console.get("/").text)
    charts = page.css("figure.chart")
    assert len(charts) == 2
    for chart in charts:
        assert [svg.attributes["aria-hidden"] for svg in chart.css("svg")] == ["true"]
        rows = chart.css("table tbody tr")
        assert len(rows) == 30
        assert [cell.text() for cell in rows[0].css("th, td")][:2] == [f"{today}", "1,234"]
    captions = [caption.text() for caption in page.css(".chart-shares caption")]
    assert {"Verdicts", "Failures by reason"} <= set(captions)
    assert "TLS error" in [cell.text(strip=True) for cell in page.css(".chart-shares th")]
