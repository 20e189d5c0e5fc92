"""Create batches, or report how long it took to process them."""

from typing import Any

from benchmarks import workloads
from benchmarks.sites import host

workloads.setup_django()

from django.db.models import Count, Max, Min  # noqa: E402  (models need the settings)

from batches.models import Batch, Job  # noqa: E402
from batches.services import create_batch  # noqa: E402
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Tenant  # noqa: E402


def main() -> None:
    spec = workloads.spec()
    started = workloads.now()
    if "sites" in spec:
        _create(spec)
    spans = Job.objects.aggregate(begin=Min("started_at"), end=Max("finished_at"), jobs=Count("pk"))
    seconds = (spans["end"] - spans["begin"]).total_seconds() if spans["end"] else 0.0
    complete = Job.objects.filter(status=Job.Status.COMPLETE).count()
    figures = {"seconds": seconds, "complete": complete, "batches": Batch.objects.count()}
    workloads.print_figures(started, workloads.now(), **figures)


def _create(spec: dict[str, Any]) -> None:
    tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    hosts = [host(number) for number in range(spec["sites"])]
    for start in range(0, len(hosts), spec["each"]):
        domains = hosts[start : start + spec["each"]]
        create_batch(tenant=tenant, created_by=None, domains=domains, options=spec["options"])


if __name__ == "__main__":
    main()
