"""Tell a fault in this host's own network from faults of the sites, by how its jobs end.

Pure logic: `batches.outages.watch` connects it to the shift.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from batches.scanning.messages import ClaimKey
from scans.engine.errors import FailureReason

# The breaker opens when this many of as many ended jobs failed for reasons of the network.
WINDOW = 50
NEARLY_ALL = 45
# Time between two probes, and after a false alarm until the next.
PROBE_EVERY = timedelta(seconds=60)
# An outage may begin this long before the window, with failures that look like those of sites.
LEAD = timedelta(seconds=60)
# How often one job is retried: after outages that probes confirmed, and after false alarms.
CONFIRMED_RETRIES = 5
UNCONFIRMED_RETRIES = 1
# Ended jobs that are remembered for a retry, and retried jobs whose number of retries is.
MOST_REMEMBERED = 10_000


class Ended(NamedTuple):
    """The end of a job, and whether its reason suggests a fault of the network."""

    claim: ClaimKey
    at: datetime
    is_failure: bool
    is_suspect: bool


OWN_NETWORK = frozenset(reason.value for reason in FailureReason if reason.may_be_own_network)


class Breaker:
    """Open while this host's network seems to be down: then no further jobs are claimed.

    Dead sites in a row look the same, so it closes as soon as a host answers that answered before,
    or a job gets any answer at all. Then every job that failed since the outage began is retried.
    If the first probe is answered, the alarm was false or the outage short: then each job is
    retried only once, or a list of dead sites would never end.
    """

    def __init__(self, clock: Callable[[], datetime] = timezone.now) -> None:
        # When it opened; None while it is closed.
        self.open_since: datetime | None = None
        # Jobs that failed since the outage began, to be retried after it.
        self.suspects: dict[ClaimKey, None] = {}
        # Jobs to be retried now.
        self.retries: list[ClaimKey] = []
        self._clock = clock
        self._ended: deque[Ended] = deque(maxlen=MOST_REMEMBERED)
        # Whether hosts that had answered before did not answer a probe, in the last outage.
        self.is_confirmed = False
        self._closed_at: datetime | None = None
        self._calm_until: datetime | None = None
        self._probe_at: datetime | None = None
        self._retry_counts: Counter[UUID] = Counter()

    @property
    def is_open(self) -> bool:
        return self.open_since is not None

    def note(self, claim: ClaimKey, reason: str, began: datetime) -> None:
        """Take the end of a job: its failure reason, empty for a report, and when its scan began.

        A cancelled job says nothing about the network.
        """
        if reason == FailureReason.CANCELLED:
            return
        if self.open_since is not None:
            self._note_while_open(claim, reason, began)
        elif reason and self._closed_at and began <= self._closed_at:
            self._request_retries([claim])
        else:
            ended = Ended(claim, self._clock(), bool(reason), reason in OWN_NETWORK)
            self._ended.append(ended)
            self.check()

    def reopen(self, since: datetime, suspects: Iterable[ClaimKey]) -> None:
        """Continue the outage that an earlier shift of this host was in."""
        self._open(since)
        self.suspects = dict.fromkeys(suspects)

    def is_probe_due(self) -> bool:
        """Return whether to probe now; the next probe is due a minute later."""
        now = self._clock()
        if self._probe_at is None or now < self._probe_at:
            return False
        self._probe_at = now + PROBE_EVERY
        return True

    def note_probe(self, *, answered: bool) -> None:
        """Close after an answer; silence of hosts that answered before confirms the outage."""
        if answered:
            self._close()
        else:
            self.is_confirmed = True

    def retry_suspect(self) -> None:
        """Retry the job that failed first; it becomes a suspect again if it fails."""
        for claim in list(islice(self.suspects, 1)):
            del self.suspects[claim]
            self.retries.append(claim)

    def _note_while_open(self, claim: ClaimKey, reason: str, began: datetime) -> None:
        if reason:
            self.suspects[claim] = None
        has_answer = reason not in OWN_NETWORK or reason == FailureReason.DNS_NOT_FOUND
        if has_answer and self.open_since is not None and began > self.open_since:
            self._close()

    def check(self) -> None:
        """Open if nearly all of the last jobs failed for reasons of the network."""
        now = self._clock()
        is_calm = self._calm_until is not None and now < self._calm_until
        if is_calm or self.is_open:
            return
        last = list(islice(reversed(self._ended), WINDOW))
        if len(last) == WINDOW and sum(job.is_suspect for job in last) >= NEARLY_ALL:
            since = last[-1].at - LEAD
            failed = (job.claim for job in self._ended if job.is_failure and job.at >= since)
            self.suspects = dict.fromkeys(failed)
            self._open(now)

    def _open(self, since: datetime) -> None:
        self.open_since, self.is_confirmed, self._probe_at = since, False, self._clock()
        self._ended.clear()

    def _close(self) -> None:
        now = self._clock()
        self._request_retries(self.suspects)
        self.suspects = {}
        self.open_since = self._probe_at = None
        self._closed_at, self._calm_until = now, None if self.is_confirmed else now + PROBE_EVERY

    def _request_retries(self, claims: Iterable[ClaimKey]) -> None:
        most = CONFIRMED_RETRIES if self.is_confirmed else UNCONFIRMED_RETRIES
        for claim in claims:
            job = claim[0]
            if self._retry_counts[job] < most:
                self._retry_counts[job] += 1
                self.retries.append(claim)
        while len(self._retry_counts) > MOST_REMEMBERED:
            del self._retry_counts[next(iter(self._retry_counts))]
