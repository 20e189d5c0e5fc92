"""Check that the console works; problems are sentences for its operator."""

from datetime import timedelta
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule

from batches import maintenance
from batches.models import Batch, Job
from batches.models.job import batched
from batches.outages.notice import live_workers, outage_notice

# A running cluster takes less than a second to pick up a message.
QUEUE_PATIENCE = timedelta(seconds=60)
# Housekeeping wakes a shift for unclaimed work every minute.
WORK_PATIENCE = timedelta(seconds=90)
# Databases limit the parameters of a statement.
BATCHES_AT_ONCE = 1_000


class MigrationsWaitingError(RuntimeError):
    """The database lacks migrations."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Return 200 if all is well, else 503 with the problems; no data is revealed."""
    messages = problems()
    body = {"status": "problem" if messages else "ok", "problems": messages}
    return JsonResponse(body, status=503 if messages else 200)


def problems() -> list[str]:
    """Return a sentence for each problem, most urgent first."""
    try:
        _check_migrations()
        return queue_problems() + work_problems() + maintenance.problems(timezone.now())
    except MigrationsWaitingError:
        return ["The database is out of date: run `manage.py migrate`."]
    except DatabaseError:
        return ["The database does not respond. Try again in a moment."]


def queue_problems() -> list[str]:
    """Return problems with the queue: messages or schedules that no worker processes."""
    now = timezone.now()
    messages = []
    unclaimed = OrmQ.objects.filter(lock__lt=now - QUEUE_PATIENCE)
    if Conf.ORM and unclaimed.exists():
        messages.append("No worker reads the queue. Start one with `manage.py qcluster`.")
    if (
        Schedule.objects.filter(next_run__lt=now - maintenance.LATE_AFTER)
        .exclude(repeats=0)
        .exists()
    ):
        messages.append("The schedules are late. Check that `manage.py qcluster` is running.")
    return messages


def work_problems() -> list[str]:
    """Return a message if workers have no network, or if work waits without any worker."""
    if down_since := live_workers():
        notice = outage_notice(down_since)
        return [notice] if notice else []
    since = timezone.now() - WORK_PATIENCE
    waiting = Job.objects.filter(status=Job.Status.PENDING)
    states = [Batch.Status.PENDING, Batch.Status.RUNNING]
    in_batches = Batch.objects.filter(status__in=states, updated_at__lt=since).order_by()
    # Read first, because PostgreSQL reads all jobs if few are pending.
    ids = in_batches.values_list("pk", flat=True)
    alone = waiting.filter(batch__isnull=True, created_at__lt=since)
    parts = (waiting.filter(batch__in=some) for some in batched(ids, BATCHES_AT_ONCE))
    if alone.exists() or any(part.exists() for part in parts):
        return ["Domains are waiting, but no worker is running. Start `manage.py qcluster`."]
    return []


def _check_migrations() -> None:
    """Raise unless every migration is applied; remember success for this process."""
    connection.ensure_connection()
    _require_migrated()


@cache
def _require_migrated() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise MigrationsWaitingError
