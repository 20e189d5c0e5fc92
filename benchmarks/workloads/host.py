"""Act as one of several worker hosts of a database until all batches have ended, or for a while."""

import logging
import os
import threading
import time
from collections.abc import Callable

from benchmarks import workloads

spec = workloads.spec()
os.environ["SCAN_WORKER_NAME"] = spec["name"]
workloads.setup_django()

from django.db import connection  # noqa: E402  (models need the settings)

from batches.models import Batch, Job, Worker  # noqa: E402
from batches.runner.shift import run_shift  # noqa: E402

# Seconds between checks whether this host is scanning.
EVERY = 0.05


class Timer(threading.Thread):
    """Measures the time from a shift's start to its first scan; stops it some seconds later."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.first_scan = float("inf")
        self.is_over = False

    def run(self) -> None:
        workers = Worker.objects.live().filter(host=spec["name"])
        wait_for(workers.exists)
        started = workloads.now()
        wait_for(Job.objects.filter(worker__in=workers, status=Job.Status.RUNNING).exists)
        self.first_scan = workloads.now() - started
        connection.close()
        time.sleep(spec["seconds"])
        self.is_over = True
        Worker.objects.stop(spec["name"])
        connection.close()


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(EVERY)


def main() -> None:
    logging.getLogger().setLevel(logging.WARNING)
    timer = Timer()
    timer.start()
    started = workloads.now()
    while not timer.is_over and Batch.objects.unfinished().exists():
        run_shift(linger=0.5)
    workloads.print_figures(started, workloads.now(), first_scan=timer.first_scan)


if __name__ == "__main__":
    main()
