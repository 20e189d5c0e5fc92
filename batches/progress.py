"""Read the progress of a batch in a constant number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from batches.models import Batch, BatchList, Job, Worker
from batches.options import BatchOptions, all_options
from batches.outages.notice import outage_notice
from batches.pace import seconds_to_last_start, sites_due
from scans.engine.errors import FailureReason
from scrapersky.web.regional import grouped

SHOWN_ACTIVITIES = 12
RATE_SPAN = timedelta(seconds=60)
# How many positions below the last running job are read to measure the rate.
WINDOW = 2_000
MIN_MEASURED = 3
REASONS = {reason.value: reason for reason in FailureReason}
Stage = tuple[str, float]
# Shown as the stage of a job that waits because its host is being scanned.
HOST_BUSY = "host_busy"


@dataclass(frozen=True, slots=True)
class Cause:
    """A failure reason and the number of jobs that failed with it."""

    reason: str
    count: int

    @property
    def sentence(self) -> str:
        return REASONS[self.reason].sentence

    @property
    def meaning(self) -> str:
        """The usual cause."""
        return REASONS[self.reason].meaning

    @property
    def advice(self) -> str:
        """What may help, with the labels of the options it mentions."""
        labels = {option.name: f"“{option.label}”" for option in all_options()}
        return REASONS[self.reason].advice.format_map(labels)


@dataclass(frozen=True, slots=True)
class Activity:
    """A running job and the stage of its scan."""

    job: Job
    stage: str
    progress: float


@dataclass(frozen=True, slots=True)
class Recent:
    """The recently ended scans of a batch: `rate` in sites per second, durations in seconds."""

    rate: float | None = None
    durations: list[float] = field(default_factory=list)

    def remaining(self, age: float, deadline: float) -> float:
        """Return how many seconds a scan that has run for `age` may still take.

        Nine out of ten scans that ran that long took no longer. If there are too few of them, only
        the deadline is known.
        """
        longer = sorted(seconds for seconds in self.durations if seconds >= age)
        if len(longer) < MIN_MEASURED:
            return max(deadline - age, 0.0)
        return max(min(longer[int(0.9 * (len(longer) - 1) + 0.5)], deadline) - age, 0.0)


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """The progress of a batch; `rate` in sites per second, `eta` in seconds, None if unknown."""

    batch: Batch
    causes: list[Cause]
    activities: list[Activity] = field(default_factory=list)
    active: int = 0
    rate: float | None = None
    eta: float | None = None
    # The share of the list read so far, while the batch is being created.
    list_read: float | None = None
    # Why nothing is being scanned although the batch is running.
    outage: str = ""

    @property
    def waiting(self) -> int:
        return max(self.batch.total - self.batch.ended - self.active, 0)

    @property
    def due(self) -> int | None:
        """The number of sites that may have started by now; None if they are not spread."""
        return sites_due(self.batch) if self.batch.scan_options.spread_hours else None

    @property
    def announcement(self) -> str:
        """The screen reader's text for each change: start, quarters, pause, failure, end."""
        batch = self.batch
        if batch.is_ended:
            counts = f"{grouped(batch.completed)} complete, {grouped(batch.failed)} failed"
            return f"The batch has ended as {batch.get_status_display().lower()}: {counts}."
        parts = [f"The batch is {batch.get_status_display().lower()}"]
        if quarter := int(batch.progress * 4):
            parts.append(f"{quarter * 25} % of the sites are done")
        if batch.failed:
            parts.append("some sites have failed")
        if self.outage:
            parts.append("the network seems to be down")
        return f"{', '.join(parts)}."


def progress_of(batch: Batch) -> BatchProgress:
    """Return the progress of a batch; for an ended one, nothing live is read."""
    causes = failure_causes([batch.pk]) if batch.failed else []
    if batch.is_ended:
        return BatchProgress(batch, causes)
    if batch.is_building:
        return BatchProgress(batch, causes, list_read=list_read(batch))
    outage = outage_notice() if batch.status == Batch.Status.RUNNING else ""
    return replace(progress_of_several([batch])[0], causes=causes, outage=outage)


def progress_of_several(batches: list[Batch]) -> list[BatchProgress]:
    """Return the running scans, rate and time left of each batch, without failure causes."""
    scanned: dict[Any, list[Activity]] = {batch.pk: [] for batch in batches}
    for row in activities(Job.objects.filter(batch__in=batches)) if batches else ():
        scanned[row.job.batch_id].append(row)
    running = [batch.pk for batch in batches if batch.status == Batch.Status.RUNNING]
    recent = _recent({pk: scanned[pk] for pk in running if scanned[pk]})
    return [_moving(batch, scanned[batch.pk], recent.get(batch.pk)) for batch in batches]


def _moving(batch: Batch, scanned: list[Activity], recent: Recent | None) -> BatchProgress:
    eta = _eta(batch, scanned, recent) if recent else None
    if to_last_start := seconds_to_last_start(batch):
        eta = max(eta or 0.0, to_last_start)
    return BatchProgress(
        batch,
        [],
        scanned[:SHOWN_ACTIVITIES],
        len(scanned),
        recent.rate if recent else None,
        eta,
    )


def list_read(batch: Batch) -> float:
    """Return the share of a large batch's creation that is done."""
    waiting = BatchList.objects.filter(pk=batch.pk).first()
    if waiting is None:
        return 0.0
    waiting.batch = batch
    return waiting.progress


def _eta(batch: Batch, scanned: list[Activity], recent: Recent) -> float | None:
    """Return the longer of the times that the waiting jobs and the oldest scan may take.

    None if either is unknown.
    """
    waiting = batch.total - batch.ended - len(scanned)
    if not scanned or (waiting > 0 and not recent.rate):
        return None
    oldest = max(scanned, key=lambda row: row.job.seconds or 0.0).job
    deadline = BatchOptions.stored(oldest.options or batch.options).site_deadline
    last = recent.remaining(oldest.seconds or 0.0, deadline)
    return max(waiting / recent.rate, last) if waiting > 0 and recent.rate else last


def status_counts(batch: Batch) -> dict[str, int]:
    """Return the number of a batch's jobs in each status, read from its counters.

    Those of a converted batch may include jobs that were not converted, so its jobs are
    counted.
    """
    states = Job.Status
    jobs = Job.objects.filter(batch=batch).order_by()
    if batch.is_converted:
        return dict(jobs.values_list("status").annotate(number=Count("pk")))
    running = 0 if batch.is_ended else jobs.filter(status=states.RUNNING).count()
    return {
        states.PENDING.value: max(batch.waiting - running, 0),
        states.RUNNING.value: running,
        states.COMPLETE.value: batch.completed,
        states.FAILED.value: batch.failed,
        states.CANCELLED.value: batch.cancelled,
    }


def failure_causes(batch_ids: list[Any]) -> list[Cause]:
    """Return why jobs of these batches failed, most common reason first."""
    failed = Job.objects.filter(batch__in=batch_ids, status=Job.Status.FAILED).order_by()
    counted = failed.values_list("failure_reason").annotate(count=Count("*"))
    return [Cause(reason, count) for reason, count in counted.order_by("-count")]


def live_stages() -> dict[str, Stage]:
    """Return job id -> (stage, progress) of all running scans."""
    stages: dict[str, Stage] = {}
    for reported in Worker.objects.live().values_list("stages", flat=True):
        stages.update({key: (stage, share) for key, (stage, share) in reported.items()})
    return stages


def with_stages(jobs: Iterable[Job]) -> list[Activity]:
    """Return jobs with their live stage, the reason they wait, or the stage they ended in."""
    rows = list(jobs)
    stages = live_stages() if any(job.status == Job.Status.RUNNING for job in rows) else {}
    stages |= dict.fromkeys(_waiting_for_hosts(rows), (HOST_BUSY, 0.0))
    return [Activity(job, *stages.get(str(job.pk), (job.stage, job.progress))) for job in rows]


def _waiting_for_hosts(rows: list[Job]) -> list[str]:
    """Return the ids of waiting jobs whose host is being scanned for another job."""
    waiting = [job for job in rows if job.status == Job.Status.PENDING and job.worker_id is None]
    if not waiting:
        return []
    held = Job.objects.filter(worker__isnull=False, host__in={job.host for job in waiting})
    hosts = set(held.values_list("host", flat=True))
    return [str(job.pk) for job in waiting if job.host in hosts]


def activities(jobs: QuerySet[Job]) -> list[Activity]:
    """Return the jobs that are being scanned now, in order."""
    stages = live_stages()
    running = jobs.filter(pk__in=stages, status=Job.Status.RUNNING)
    ordered = running.select_related("domain").order_by("position", "pk")
    ordered = ordered.only(
        "batch", "position", "options", "started_at", "finished_at", "domain__host"
    )
    return [Activity(job, *stages[str(job.pk)]) for job in ordered]


def _recent(scanned: dict[Any, list[Activity]]) -> dict[Any, Recent]:
    """Return the recently ended scans of batches, given as batch id -> running scans.

    Jobs start in order of position, so recently ended ones are slightly below the last running one:
    only these are read, not whole batches.
    """
    ranges = Q()
    for pk, rows in scanned.items():
        last = max(row.job.position for row in rows)
        ranges |= Q(batch=pk, position__range=(last - WINDOW, last))
    ended = Job.objects.filter(ranges, finished_at__isnull=False, started_at__isnull=False)
    times: dict[Any, list[tuple[datetime, datetime]]] = {pk: [] for pk in scanned}
    if scanned:
        for pk, *span in ended.order_by().values_list("batch", "started_at", "finished_at"):
            times[pk].append((span[0], span[1]))  # type: ignore[arg-type]
    return {pk: _recent_of(some) for pk, some in times.items()}


def _recent_of(times: list[tuple[datetime, datetime]]) -> Recent:
    """Return the rate of the last minute (None if too few scans ended) and the durations."""
    now = timezone.now()
    lately = [finished for _, finished in times if finished >= now - RATE_SPAN]
    span = (now - min(lately)).total_seconds() if lately else 0.0
    rate = len(lately) / span if len(lately) >= MIN_MEASURED and span >= 1 else None
    return Recent(rate, [(finished - started).total_seconds() for started, finished in times])
