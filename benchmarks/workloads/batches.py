"""Create batches, or report how many of their sites were scanned in a period, and its length."""

from datetime import timedelta
from typing import Any

from benchmarks import workloads
from benchmarks.sites import host

workloads.setup_django()

from django.db.models import Count, Max, Min, Q  # noqa: E402  (models need the settings)

from batches.models import Batch, Job  # noqa: E402
from batches.services import create_batch  # noqa: E402
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Tenant  # noqa: E402


def main() -> None:
    spec = workloads.spec()
    started = workloads.now()
    figures = _create(spec) if "sites" in spec else _result(timedelta(seconds=spec["seconds"]))
    workloads.print_figures(started, workloads.now(), **figures)


def _create(spec: dict[str, Any]) -> dict[str, Any]:
    tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    hosts = [host(number) for number in range(spec["sites"])]
    for start in range(0, len(hosts), spec["each"]):
        domains = hosts[start : start + spec["each"]]
        create_batch(tenant=tenant, created_by=None, domains=domains, options=spec["options"])
    return {"batches": Batch.objects.count()}


def _result(period: timedelta) -> dict[str, Any]:
    """Return the sites scanned in a period after the first start, which ends with the last site."""
    failed = Count("pk", filter=Q(status=Job.Status.FAILED))
    jobs = Job.objects.aggregate(begin=Min("started_at"), end=Max("finished_at"), failed=failed)
    end = min(jobs["end"], jobs["begin"] + period)
    scanned = Job.objects.filter(status=Job.Status.COMPLETE, finished_at__lte=end).count()
    seconds = (end - jobs["begin"]).total_seconds()
    return {"scanned": scanned, "seconds": seconds, "failed": jobs["failed"]}


if __name__ == "__main__":
    main()
