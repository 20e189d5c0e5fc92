"""Create a large batch through the console, start it, and open its pages."""

import resource
import time
from statistics import median
from typing import Any

from benchmarks import workloads
from benchmarks.sites import host

workloads.setup_django()

from django.contrib.auth import get_user_model  # noqa: E402  (models need the settings)
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from batches.models import Batch, Job, Worker  # noqa: E402
from batches.runner.claims import Claimer  # noqa: E402
from batches.runner.shift import start_pending  # noqa: E402
from batches.services import create_batch  # noqa: E402
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, Tenant  # noqa: E402

VIEWS = 15
PAGES = ("batch_detail", "batch_progress", "batch_jobs", "home")


def main() -> None:
    options = workloads.spec()
    setup_test_environment()
    tenant, client = _log_in()
    hosts = [host(number) for number in range(options["domains"])]
    client.get(reverse("batch_list"))  # the first request also loads code
    before = _most_memory()
    started, used = workloads.now(), time.process_time()
    steps = {"post": _timed(_post, client, hosts), "start": _timed(_start)}
    cpu, growth = time.process_time() - used, _most_memory() - before
    again = _timed(create_batch, tenant=tenant, created_by=None, domains=hosts)
    batch = Batch.objects.earliest("created_at")
    views = {name: _view(client, name, batch) for name in PAGES}
    figures = {"cpu": cpu, "again": again, "grown": growth, "views": views, "total": batch.total}
    workloads.print_figures(started, workloads.now(), **steps, **figures)


def _log_in() -> tuple[Tenant, Client]:
    tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    user = get_user_model().objects.create_user("bench", "bench@example.com", "bench")
    Membership.objects.create(user=user, tenant=tenant, role=Membership.Role.MEMBER)
    client = Client()
    client.force_login(user)
    return tenant, client


def _post(client: Client, hosts: list[str]) -> None:
    """Paste the domains into the form, which must accept them."""
    answer = client.post(reverse("batch_create"), {"domains": "\n".join(hosts)})
    if answer.status_code != 302 or not Batch.objects.exists():
        raise RuntimeError(f"The form answered with status {answer.status_code}: {answer.context}")


def _start() -> None:
    """Do what a shift does first: start the batch and claim jobs."""
    worker = Worker.begin(host="bench", pid=1)
    assert worker is not None
    start_pending()
    claim = Claimer(worker, 128).claim({})
    assert claim is not None
    running = claim.jobs[: sum(claim.slots.values())]
    Job.objects.begin(worker, {(job.id, job.claim_no): timezone.now() for job in running})
    worker.beat(stages={job.key: ["read", 0.35] for job in running})


def _view(client: Client, name: str, batch: Batch) -> dict[str, Any]:
    """Return the time and queries of a batch page over several requests."""
    url = reverse(name) if name == "home" else reverse(name, args=[batch.pk])
    seconds = [_timed(_get, client, url) for _ in range(VIEWS)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        _get(client, url)
    return {"ms": median(seconds) * 1000, "worst": max(seconds) * 1000, "queries": len(queries)}


def _get(client: Client, url: str) -> None:
    answer = client.get(url, headers={"HX-Request": "true"})
    if answer.status_code != 200:
        raise RuntimeError(f"{url} answered with status {answer.status_code}.")


def _timed(call: Any, *arguments: Any, **named: Any) -> float:
    started = time.perf_counter()
    call(*arguments, **named)
    return time.perf_counter() - started


def _most_memory() -> int:
    """Return the peak memory of this process in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
