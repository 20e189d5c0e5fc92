"""The reads and transitions of many batches: each transition is one guarded UPDATE."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Case, F, Max, Min, Q, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from batches.models.keys import KeyedQuerySet
from scans import storage
from scans.engine.errors import FailureReason
from scrapersky.web.regional import grouped

SENTENCES = {reason.value: reason.sentence for reason in FailureReason}


class BatchStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    CANCELLING = "cancelling", "Cancelling"
    CANCELLED = "cancelled", "Cancelled"
    COMPLETE = "complete", "Complete"
    PARTIAL = "partial", "Partial"
    FAILED = "failed", "Failed"


ACTIVE = (BatchStatus.PENDING, BatchStatus.RUNNING, BatchStatus.PAUSED, BatchStatus.CANCELLING)
COUNTERS = ("completed", "failed", "cancelled")
PAUSABLE = (BatchStatus.PENDING, BatchStatus.RUNNING)
CANCELLABLE = (BatchStatus.PENDING, BatchStatus.RUNNING, BatchStatus.PAUSED)


class SecondsSince(models.Func):
    """The seconds from a moment to now, by the database's clock."""

    output_field = models.FloatField()

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        template = "EXTRACT(EPOCH FROM (STATEMENT_TIMESTAMP() - %(expressions)s))"
        return self.as_sql(compiler, connection, template=template)

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        template = "(julianday('now') - julianday(%(expressions)s)) * 86400.0"
        return self.as_sql(compiler, connection, template=template)


class BatchQuerySet(KeyedQuerySet):
    def unfinished(self) -> "BatchQuerySet":
        return self.filter(status__in=ACTIVE)

    def startable(self) -> "BatchQuerySet":
        """Return the batches that may start: their lists are complete."""
        return self.filter(status=BatchStatus.PENDING, is_building=False)

    def claimable(self) -> "BatchQuerySet":
        """Return the batches whose jobs may be claimed."""
        return self.filter(status=BatchStatus.RUNNING)

    def start(self) -> int:
        """Move pending batches to running; return how many moved."""
        now = Now()
        return self.startable().update(
            status=BatchStatus.RUNNING, started_at=now, active_since=now, updated_at=now
        )

    def cancel(self) -> int:
        """Move unfinished batches to cancelling; return how many moved.

        A batch that is still being created gets no more jobs.
        """
        return self._move(CANCELLABLE, BatchStatus.CANCELLING, is_building=False)

    def pause(self) -> int:
        complete = self.filter(is_building=False)
        return complete._move(PAUSABLE, BatchStatus.PAUSED, **_STOPPED_CLOCK)

    def count_jobs(self, ended: Mapping[UUID, Mapping[str, int]]) -> list[UUID]:
        """Count jobs in the transaction that ends them; the last ones finish their batches.

        `ended` has the numbers to add to the counters of each batch. The batches are locked in id
        order, and the number of statements does not depend on theirs. Returns those that ended.
        """
        locked = self.filter(pk__in=ended).select_for_update(no_key=True).order_by("pk")
        now = timezone.now()
        counted = [
            (row["id"], *(row[name] + ended[row["id"]].get(name, 0) for name in COUNTERS), now)
            for row in locked.values("id", *COUNTERS)
        ]
        storage.update(self.model, ("id", *COUNTERS, "updated_at"), counted)
        finishable = self.filter(pk__in=ended)._finishable().order_by("pk")
        if done := list(finishable.values_list("pk", flat=True)):
            self.filter(pk__in=done).finish()
        if failing := [pk for pk, numbers in ended.items() if numbers.get("failed")]:
            self.filter(pk__in=failing).pause_failing()
        return done

    def pause_failing(self) -> int:
        """Pause batches in which too many sites fail (`stop_at_failures`); return how many."""
        paused = 0
        limited = self.filter(status=BatchStatus.RUNNING, options__stop_at_failures__gt=0)
        batches: Any = self.model._default_manager
        for batch in batches.filter(pk__in=limited.values("pk")):
            if reason := batch.reason_to_stop():
                running = self.filter(pk=batch.pk)
                paused += running._move(
                    [BatchStatus.RUNNING], BatchStatus.PAUSED, error=reason, **_STOPPED_CLOCK
                )
        return paused

    def add_built(self, jobs: int, **changes: Any) -> int:
        """Add jobs to a batch that is being created; return 0 if it has been cancelled."""
        rows = self.filter(is_building=True)
        return rows.update(total=F("total") + jobs, updated_at=Now(), **changes)

    def fail_building(self, error: str) -> int:
        """Stop creating batches; they end as failed once their jobs are cancelled."""
        return self.filter(is_building=True).update(
            is_building=False, status=BatchStatus.CANCELLING, error=error, updated_at=Now()
        )

    def resume(self) -> int:
        """Resume paused batches and end those whose jobs have all ended; return how many moved.

        Failures so far no longer count for `stop_at_failures`.
        """
        moved = self._move(
            [BatchStatus.PAUSED],
            BatchStatus.RUNNING,
            active_since=Now(),
            error="",
            accepted_completed=F("completed"),
            accepted_failed=F("failed"),
        )
        self.filter(started_at__isnull=True).update(started_at=Now())
        self.finish()
        return moved

    def _move(self, states: Sequence["BatchStatus"], to: "BatchStatus", **changes: Any) -> int:
        return self.filter(status__in=states).update(status=to, updated_at=Now(), **changes)

    def reopen(self, counted: Counter) -> int:
        """Subtract retried jobs from the counters and run again; return how many batches moved.

        `counted` maps failed and cancelled to the number of jobs that wait again. A running or
        paused batch keeps its status; one that is being cancelled is not reopened.
        """
        paused = Q(status=BatchStatus.PAUSED)
        return (
            self.exclude(status=BatchStatus.CANCELLING)
            .exclude(is_building=True)
            .update(
                failed=F("failed") - counted["failed"],
                cancelled=F("cancelled") - counted["cancelled"],
                accepted_completed=F("completed"),
                accepted_failed=F("failed") - counted["failed"],
                status=Case(
                    When(paused, then=F("status")), default=Value(BatchStatus.RUNNING.value)
                ),
                active_seconds=Coalesce(
                    "active_seconds", SecondsSince("started_at") - SecondsSince("finished_at")
                ),
                active_since=Case(When(paused, then=None), default=Coalesce("active_since", Now())),
                started_at=Coalesce("started_at", Now()),
                finished_at=None,
                error=Case(
                    When(paused, then=F("error")),
                    default=Value(""),
                    output_field=models.TextField(),
                ),
                updated_at=Now(),
            )
        )

    def finish(self) -> int:
        """End the batches whose jobs have all ended; return how many ended.

        A batch is complete if no job failed, failed if none completed, else partial.
        """
        now = Now()
        ended = self._finishable().update(
            status=_OUTCOME, finished_at=now, updated_at=now, **_STOPPED_CLOCK
        )
        if ended:
            self._name_causes()
        return ended

    def _finishable(self) -> "BatchQuerySet":
        """Return the batches whose jobs have all ended, but which have not."""
        return self.filter(
            status__in=[BatchStatus.RUNNING, BatchStatus.CANCELLING],
            total=F("completed") + F("failed") + F("cancelled"),
        )

    def _name_causes(self) -> None:
        """Record the reason of failed batches whose jobs all failed for the same one."""
        failed = self.filter(status=BatchStatus.FAILED, error="", failed=F("total"))
        batches: Any = self.model._default_manager
        for batch in batches.filter(pk__in=failed.values("pk")):
            jobs = batch.jobs.filter(status="failed").order_by()
            ends = jobs.aggregate(first=Min("failure_reason"), last=Max("failure_reason"))
            if ends["first"] == ends["last"] and ends["first"] in SENTENCES:
                sites = "The only site" if batch.total == 1 else f"All {grouped(batch.total)} sites"
                error = f"{sites} failed: {SENTENCES[ends['first']]}"
                batches.filter(pk=batch.pk).update(error=error)


# A batch whose list could not be read has an error before it has started.
_LIST_FAILED = Q(status=BatchStatus.CANCELLING, started_at=None, completed=0) & ~Q(error="")
_OUTCOME = Case(
    When(_LIST_FAILED, then=Value(BatchStatus.FAILED.value)),
    When(status=BatchStatus.CANCELLING, then=Value(BatchStatus.CANCELLED.value)),
    When(completed=F("total"), then=Value(BatchStatus.COMPLETE.value)),
    When(completed__gt=0, then=Value(BatchStatus.PARTIAL.value)),
    When(failed__gt=0, then=Value(BatchStatus.FAILED.value)),
    default=Value(BatchStatus.CANCELLED.value),
)
_STOPPED_CLOCK: dict[str, Any] = {
    "active_seconds": Case(
        When(
            active_since__isnull=False,
            then=Coalesce("active_seconds", 0.0) + SecondsSince("active_since"),
        ),
        default=F("active_seconds"),
    ),
    "active_since": None,
}
