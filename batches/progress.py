"""Read how far a batch has come, in a constant number of queries whatever its size."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone

from batches.models import Batch, Job, Worker
from scans.engine.errors import FailureReason

SHOWN_ACTIVITIES = 12
RATE_SPAN = timedelta(seconds=60)
# Positions below the job scanned now that are looked at for the rate.
RATE_WINDOW = 300
MIN_MEASURED = 3
SENTENCES = {reason.value: reason.sentence for reason in FailureReason}
Stage = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Cause:
    """A failure reason and how many jobs failed by it."""

    reason: str
    count: int

    @property
    def sentence(self) -> str:
        return SENTENCES[self.reason]


@dataclass(frozen=True, slots=True)
class Activity:
    """A job and where its scan is."""

    job: Job
    stage: str
    progress: float


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a batch has come; `rate` in sites a second, `eta` in seconds, None if unknown."""

    batch: Batch
    causes: list[Cause]
    activities: list[Activity]
    active: int
    rate: float | None

    @property
    def waiting(self) -> int:
        return max(self.batch.total - self.batch.ended - self.active, 0)

    @property
    def eta(self) -> float | None:
        return (self.batch.total - self.batch.ended) / self.rate if self.rate else None


def progress_of(batch: Batch) -> BatchProgress:
    """Return the progress of a batch; nothing that moves is asked of one that has ended."""
    causes = failure_causes([batch.pk]) if batch.failed else []
    if batch.is_ended:
        return BatchProgress(batch, causes, [], 0, None)
    scanned = activities(Job.objects.filter(batch=batch))
    rate = _rate(batch) if batch.status == Batch.Status.RUNNING else None
    return BatchProgress(batch, causes, scanned[:SHOWN_ACTIVITIES], len(scanned), rate)


def failure_causes(batch_ids: list[Any]) -> list[Cause]:
    """Return why jobs of these batches failed, the commonest cause first."""
    failed = Job.objects.filter(batch__in=batch_ids, status=Job.Status.FAILED).order_by()
    counted = failed.values_list("failure_reason").annotate(count=Count("*"))
    return [Cause(reason, count) for reason, count in counted.order_by("-count")]


def live_stages() -> dict[str, Stage]:
    """Return job id -> (stage, progress) of everything that is scanned right now."""
    stages: dict[str, Stage] = {}
    for reported in Worker.objects.live().values_list("stages", flat=True):
        stages.update({key: (stage, share) for key, (stage, share) in reported.items()})
    return stages


def with_stages(jobs: Iterable[Job]) -> list[Activity]:
    """Return jobs with their live stages, or with the stage they ended in."""
    rows = list(jobs)
    stages = live_stages() if any(job.status == Job.Status.RUNNING for job in rows) else {}
    return [Activity(job, *stages.get(str(job.pk), (job.stage, job.progress))) for job in rows]


def activities(jobs: QuerySet[Job]) -> list[Activity]:
    """Return those of the jobs that are scanned right now, in their order."""
    stages = live_stages()
    running = jobs.filter(pk__in=stages, status=Job.Status.RUNNING)
    ordered = running.select_related("domain").order_by("position", "pk")
    ordered = ordered.only("position", "domain__host")
    return [Activity(job, *stages[str(job.pk)]) for job in ordered]


def _rate(batch: Batch) -> float | None:
    """Return the sites a second of the last minute; None while too few have ended.

    Jobs are taken in the order of their positions, so those that ended lately stand a little
    below the ones that run now: only these are looked at, not the whole batch.
    """
    jobs = Job.objects.filter(batch=batch)
    running = jobs.filter(status=Job.Status.RUNNING)
    front = running.aggregate(low=Min("position"), high=Max("position"))
    if front["low"] is None:
        return None
    now = timezone.now()
    lately = jobs.filter(
        position__range=(front["low"] - RATE_WINDOW, front["high"]),
        finished_at__gte=now - RATE_SPAN,
    ).aggregate(count=Count("pk"), first=Min("finished_at"))
    if lately["count"] < MIN_MEASURED:
        return None
    span = (now - lately["first"]).total_seconds()
    return lately["count"] / span if span >= 1 else None
