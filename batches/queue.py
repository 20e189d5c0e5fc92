"""Queue the shift of a host.

The rows are the truth: a shift polls for new work, so a message is needed only when no shift runs,
and a lost or repeated one does no harm.
"""

import time

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

from batches.models import Worker
from batches.models.worker import this_machine

SHIFT = "batches.tasks.run_shift"
# Seconds for which a message that another host took is passed on.
PATIENCE = 10.0
# Seconds before that, so that two queues of one busy host do not play ball.
PAUSE = 0.2


def wake_workers() -> None:
    """Queue a shift after the commit if no host runs one.

    On commit, because a broker outside the database (Redis) would otherwise deliver before the
    jobs can be seen. A broker that does not answer is logged and undoes nothing: every running
    `qcluster` queues its host's shift again.
    """
    if not Worker.objects.live().exists():
        transaction.on_commit(call_shift, robust=True)


def ensure_shift() -> None:
    """Queue a shift for this host if it runs none; raises what the broker raises."""
    if not Worker.objects.live().on_host(settings.SCAN_WORKER_NAME).exists():
        call_shift(this_host())


def call_shift(host: str = "", until: float = 0.0) -> None:
    """Queue the shift of a host, or of any; raises what the broker raises.

    `timeout=-1` because it runs as long as its cluster: None would kill the queue's process.
    """
    until = until or time.time() + PATIENCE
    name = f"shift on {host.partition(' ')[0] or 'any host'}"
    async_task(SHIFT, host, until, task_name=name, group="shift", timeout=-1)


def this_host() -> str:
    """Return the identity of this host: its name, and the machine that process ids are of."""
    return f"{settings.SCAN_WORKER_NAME} {this_machine()}"


def pass_on(host: str, until: float) -> bool:
    """Queue a message again that is for another host; return whether that was so.

    All hosts read one queue, and a host whose shift is running would swallow it.
    """
    if host in {"", this_host()} or time.time() > until:
        return False
    time.sleep(PAUSE)
    call_shift(host, until)
    return True
