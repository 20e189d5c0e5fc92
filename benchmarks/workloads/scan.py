"""Scan sites through the runner's scanning processes, storing nothing."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

from benchmarks import workloads
from benchmarks.sites import host

workloads.setup_django()

from django.conf import settings  # noqa: E402  (the models below need the settings)

from batches.models import Job  # noqa: E402
from batches.options import BatchOptions  # noqa: E402
from batches.scanning.messages import ClaimedJob, Kind, Outcome  # noqa: E402
from batches.scanning.pool import Pool  # noqa: E402

TENANT = UUID(int=0)
# Seconds between checks for ended scans.
EVERY = 0.1
# Seconds without any outcome that indicate a hang.
QUIET = 120.0


def main() -> None:
    spec = workloads.spec()
    jobs = [_job(number, spec["options"]) for number in range(spec["sites"])]
    started = workloads.now()
    pool = Pool(processes=settings.SCAN_PROCESSES, ceiling=settings.SCAN_MAX_CONCURRENT)
    pool.offer(jobs, {None: spec["concurrency"]})
    tally = Tally()
    last_report = started
    while tally.ended < len(jobs):
        pool.full.wait(EVERY)
        begun, outcomes = pool.take()
        tally.add(outcomes)
        pool.written(begun, outcomes)
        last_report = workloads.now() if outcomes else last_report
        if workloads.now() - last_report > QUIET:
            raise RuntimeError(f"Only {tally.ended} of {len(jobs)} scans ended.")
    ended = workloads.now()
    pool.close()
    workloads.print_figures(started, ended, **tally.counts)


class Tally:
    """Counts the results in reports."""

    def __init__(self) -> None:
        self.ended = 0
        self.counts: Counter[str] = Counter(reports=0, pages=0, contacts=0, technologies=0)

    def add(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.ended += 1
            self._add(outcome.result if outcome.kind is Kind.REPORT else {})

    def _add(self, report: dict[str, Any]) -> None:
        self.counts["reports"] += bool(report)
        for name in ("pages", "contacts", "technologies"):
            self.counts[name] += len(report.get(name, ()))


def _job(number: int, options: dict[str, Any]) -> ClaimedJob:
    return ClaimedJob(
        id=uuid4(),
        claim_no=1,
        attempts=0,
        tenant_id=TENANT,
        batch_id=None,
        domain_id=TENANT,
        host=host(number),
        job_type=Job.Type.WEBSITE_SCAN,
        options=BatchOptions.validated(options),
    )


if __name__ == "__main__":
    main()
