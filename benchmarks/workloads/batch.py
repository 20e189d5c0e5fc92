"""Scan sites as a batch: create it, and work until it has ended."""

import logging

from benchmarks import workloads
from benchmarks.sites import host

workloads.setup_django()

from django.db.models import Q  # noqa: E402  (models need the settings)

from batches.models import Batch  # noqa: E402
from batches.runner.shift import run_shift  # noqa: E402
from batches.services import create_batch  # noqa: E402
from scans.models import Contact, Page, Scan, Technology  # noqa: E402
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Tenant  # noqa: E402


def main() -> None:
    spec = workloads.spec()
    logging.getLogger().setLevel(logging.WARNING)
    tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    numbers = range(spec["first"], spec["first"] + spec["sites"])
    started = workloads.now()
    batch = create_batch(
        tenant=tenant,
        created_by=None,
        domains=[host(number) for number in numbers],
        options=spec["options"],
    )
    while not batch.is_ended:
        run_shift(linger=0.5)
        batch.refresh_from_db()
    workloads.print_figures(
        started,
        started + _seconds(batch),
        status=batch.status,
        middle_rate=_middle_rate(batch),
        **_stored(batch),
    )


def _seconds(batch: Batch) -> float:
    """Return the time until the last result was stored, without the shift's final wait."""
    assert batch.finished_at is not None
    return (batch.finished_at - batch.created_at).total_seconds()


def _middle_rate(batch: Batch) -> float:
    """Return the sites per second without the first and the last tenth of the sites."""
    ends = sorted(end for end in batch.jobs.values_list("finished_at", flat=True) if end)
    middle = ends[len(ends) // 10 : len(ends) - len(ends) // 10]
    return (len(middle) - 1) / max((middle[-1] - middle[0]).total_seconds(), 0.001)


def _stored(batch: Batch) -> dict[str, int]:
    of_batch = Q(domain__jobs__batch=batch)
    return {
        "reports": Scan.objects.filter(of_batch).count(),
        "contacts": Contact.objects.filter(of_batch).count(),
        "pages": Page.objects.filter(of_batch).count(),
        "technologies": Technology.objects.filter(of_batch).count(),
    }


if __name__ == "__main__":
    main()
