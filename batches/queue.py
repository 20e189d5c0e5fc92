"""Queue the shift of a host.

The database rows are the source of truth: a shift polls for new work, so a message is needed only
if no shift is running, and a lost or repeated one does no harm.
"""

import time

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

from batches.models import Worker
from batches.models.worker import this_machine

SHIFT = "batches.tasks.run_shift"
# Seconds for which a host passes on messages meant for other hosts.
PATIENCE = 10.0
# Seconds to wait before passing one on, so that messages do not bounce back and forth.
PAUSE = 0.2


def wake_workers() -> None:
    """Queue a shift after the commit if no host runs one.

    On commit, because an external broker (Redis) could otherwise deliver the message before the
    jobs are visible. A broker that does not respond is only logged: every running `qcluster` queues
    its host's shift again.
    """
    if not Worker.objects.live().exists():
        transaction.on_commit(call_shift, robust=True)


def ensure_shift() -> None:
    """Queue a shift for this host if it has none; raises the broker's errors."""
    if not Worker.objects.live().on_host(settings.SCAN_WORKER_NAME).exists():
        call_shift(this_host())


def call_shift(host: str = "", until: float = 0.0) -> None:
    """Queue the shift of a host, or of any host; raises the broker's errors.

    `timeout=-1` because it runs as long as its cluster; with None, django-q2 would kill its
    process.
    """
    until = until or time.time() + PATIENCE
    name = f"shift on {host.partition(' ')[0] or 'any host'}"
    async_task(SHIFT, host, until, task_name=name, group="shift", timeout=-1)


def this_host() -> str:
    """Return the identity of this host: its name and its machine id."""
    return f"{settings.SCAN_WORKER_NAME} {this_machine()}"


def pass_on(host: str, until: float) -> bool:
    """Requeue a message meant for another host; return whether it was.

    All hosts read the same queue, and a host with a running shift would discard the message.
    """
    if host in {"", this_host()} or time.time() > until:
        return False
    time.sleep(PAUSE)
    call_shift(host, until)
    return True
