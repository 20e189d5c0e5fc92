"""Add the domains and jobs of a sorted list, in two lanes of chunks."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import Event

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from batches.job_creation import Place, add_sorted
from batches.models import Batch, BatchList
from batches.models.batch_list import Lane
from batches.models.job import batched
from batches.skipping import not_skipped
from batches.sorted_hosts import SortedHosts
from scans import storage
from scans.engine.lists.errors import UnreadableFile
from scrapersky.web.database_errors import retry_on_conflict
from scrapersky.web.regional import grouped
from scrapersky.web.stopping import may_go_on

# Domains per transaction. Their jobs touch nearly all pages of the indexes by position, so the more
# are added at once, the less often.
CHUNK = 100_000
HOSTS_AT_ONCE = 5_000
# Hex digits that the ids of all jobs of a chunk share: time and 42 bits. The position follows.
_DIGITS_OF_START = 24


class Stopped(Exception):  # noqa: N818 (an outcome, not a fault)
    """The batch was cancelled, or another process reads its list."""


def add_all(waiting: BatchList, until: float) -> bool:
    """Add the jobs of the sorted hosts until a time; return whether all have been added.

    On PostgreSQL a thread with its own connection adds the second half, so two of its processes
    share the work. Another connection would not see what a surrounding transaction has written.
    """
    first, second = waiting.lanes
    failed = Event()

    def may_continue() -> bool:
        return may_go_on(until) and not failed.is_set()

    def add_second() -> bool:
        try:
            return _add_lane(waiting, second, may_continue)
        except BaseException:
            failed.set()
            raise
        finally:
            connection.close()

    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return all(_add_lane(waiting, lane, may_continue) for lane in (first, second))
    with ThreadPoolExecutor(1, "second-half") as thread:
        try:
            adding = thread.submit(add_second)
            is_first_added = _add_lane(waiting, first, may_continue)
            return adding.result() and is_first_added
        finally:
            failed.set()


def _add_lane(waiting: BatchList, lane: Lane, may_continue: Callable[[], bool]) -> bool:
    """Add the jobs of a lane, in chunks; return whether all have been added."""
    while lane.start < lane.end:
        lane = lane._replace(start=_add(waiting, lane))
        if lane.start < lane.end and not may_continue():
            return False
    return True


@retry_on_conflict
def _add(waiting: BatchList, lane: Lane) -> int:
    """Add the next domains and jobs of a lane in one transaction; return where they end."""
    batch, chunk = waiting.batch, _Chunk(waiting, lane)
    with transaction.atomic():
        _commit_without_waiting()
        added = add_sorted(
            chunk.places(), batch=batch, tenant=batch.tenant, created_by=batch.created_by
        )
        here = BatchList.objects.filter(pk=waiting.pk, **{lane.column: lane.start})
        changes = {
            lane.column: chunk.end,
            "skipped": F("skipped") + chunk.skipped,
            "duplicates": F("duplicates") + chunk.hosts - chunk.skipped - added,
            "updated_at": timezone.now(),
        }
        if not here.update(**changes):  # another process has added these
            raise Stopped
        if not Batch.objects.filter(pk=batch.pk).add_built(added):
            raise Stopped
        check_domains(Batch.objects.values_list("total", flat=True).get(pk=batch.pk))
    return chunk.end


def _commit_without_waiting() -> None:
    """Let the transaction's commit not wait for the disk.

    After a crash of the server, a chunk and the place it ends at are missing together, so it is
    added again. The commit that starts the batch waits, and with it all chunks are on the disk.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")


class _Chunk:
    """The next hosts of a lane; counts those read, and where they end."""

    def __init__(self, waiting: BatchList, lane: Lane) -> None:
        self._waiting = waiting
        self._lines = islice(SortedHosts(waiting.path).read(lane.start, lane.end), CHUNK)
        self.end = lane.start
        self.hosts = self.skipped = 0

    def places(self) -> Iterator[Place]:
        """Yield the places of the hosts that are not skipped, read some at a time.

        The ids of their jobs ascend by position, so that jobs enter indexes by id at their end.
        """
        (key,) = storage.keys(1)
        start = key[:_DIGITS_OF_START]
        for some in batched(self._lines, HOSTS_AT_ONCE):
            kept = self._kept([line.host for line in some])
            self.hosts += len(some)
            self.skipped += len(some) - len(kept)
            self.end = some[-1].end
            for line in some:
                if line.host in kept:
                    yield Place(line.host, line.position, f"{start}{line.position:08x}")

    def _kept(self, hosts: Sequence[str]) -> set[str]:
        batch, skips = self._waiting.batch, self._waiting.skips
        return {*not_skipped(hosts, tenant=batch.tenant, skips=skips, now=batch.created_at)}


def check_domains(count: int) -> None:
    """Raise `UnreadableFile` for more domains than a batch may have."""
    most = settings.MAX_DOMAINS_PER_BATCH
    if count > most:
        raise UnreadableFile(f"The list has more than {grouped(most)} domains. Split it.")
