"""Be one of several worker hosts that work on all batches of a database, until they have ended."""

import logging
import os
import threading
import time

from benchmarks import workloads

spec = workloads.spec()
os.environ["SCAN_WORKER_NAME"] = spec["name"]
workloads.setup_django()

from django.db import connection  # noqa: E402  (models need the settings)

from batches.models import Batch, Job, Worker  # noqa: E402
from batches.runner.shift import run_shift  # noqa: E402

# Seconds between two looks at whether this host scans already.
EVERY = 0.05


class FirstScan(threading.Thread):
    """Watch a host from the beginning of its shift to its first scan."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seconds = float("inf")

    def run(self) -> None:
        workers = Worker.objects.live().filter(host=spec["name"])
        while not workers.exists():
            time.sleep(EVERY)
        started = workloads.now()
        while not Job.objects.filter(worker__in=workers, status=Job.Status.RUNNING).exists():
            time.sleep(EVERY)
        self.seconds = workloads.now() - started
        connection.close()


def main() -> None:
    logging.getLogger().setLevel(logging.WARNING)
    first_scan = FirstScan()
    first_scan.start()
    started = workloads.now()
    while Batch.objects.unfinished().exists():
        run_shift(linger=0.5)
    workloads.print_figures(started, workloads.now(), first_scan=first_scan.seconds)


if __name__ == "__main__":
    main()
