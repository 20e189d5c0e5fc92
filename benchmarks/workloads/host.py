"""Act as one of several worker hosts of a database until all batches have ended."""

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

# Seconds between checks whether this host is scanning.
EVERY = 0.05


class FirstScan(threading.Thread):
    """Measures the time from the start of a host's shift to its first scan."""

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
