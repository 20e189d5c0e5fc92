"""Run django-q2's cluster together with a shift."""

import gc
import logging
import multiprocessing
import threading
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django_q.cluster import Cluster
from django_q.management.commands import qcluster
from redis.exceptions import RedisError

from batches.models import Worker
from batches.queue import ensure_shift
from scrapersky.web.commands import SafeCommand
from scrapersky.web.stopping import cluster_stops

logger = logging.getLogger(__name__)

# Seconds between checks whether this host has a shift.
CHECK_EVERY = 5.0
TICK = 0.2


class ScanningCluster(Cluster):
    """A cluster that ends its shift before stopping, as it waits for its processes forever."""

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        cluster_stops.value = 1
        threading.Thread(target=_request_stop, daemon=True).start()
        super().sig_handler(signum, frame)


class Command(SafeCommand, qcluster.Command):
    """Overrides django-q2's command of the same name by the order of `INSTALLED_APPS`."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        qcluster.Cluster = ScanningCluster
        # The collector of each process would otherwise visit, and so copy, what all of them share.
        gc.collect()
        gc.freeze()
        super().handle(*args, **options)
        next_check = time.monotonic() + CHECK_EVERY
        while multiprocessing.active_children():
            if time.monotonic() >= next_check and not cluster_stops.value:
                next_check = time.monotonic() + CHECK_EVERY
                _check_shift()
            time.sleep(TICK)


def _check_shift() -> None:
    """Queue a shift if this host has none because it failed or its message was lost."""
    try:
        ensure_shift()
    except (DatabaseError, RedisError) as error:
        logger.warning("The shift cannot be queued now: %s", error)
        connection.close()


def _request_stop() -> None:
    """Ask this host's shift to release its jobs and end; the flag works without a database."""
    try:
        Worker.objects.stop(settings.SCAN_WORKER_NAME)
    except DatabaseError as error:
        logger.warning("Stopping the shift without the database: %s", error)
    finally:
        connection.close()
