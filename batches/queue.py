"""Tell the workers that there may be work.

The rows are the truth; a message is only a wake-up call, and a lost or doubled one does no harm.
"""

from django.db import transaction
from django_q.tasks import async_task

SHIFT = "batches.tasks.run_shift"


def wake_workers() -> None:
    """Queue a shift once the outermost transaction has committed.

    On commit, because a broker outside the database (Redis) would otherwise be read before the
    jobs can be seen. A queue that does not answer then is logged and does not undo what is
    committed: the minute keeper nudges for work that nobody takes.
    """
    transaction.on_commit(call_shift, robust=True)


def call_shift() -> None:
    """Queue a shift now; raises what the broker raises where it does not answer."""
    async_task(SHIFT, task_name="shift", group="shift")
