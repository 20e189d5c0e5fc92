"""Notice that this host's network is down and that it is back, from the ends of a shift's jobs."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from batches.models import Worker
from batches.outages.breaker import Breaker
from batches.outages.probe import AnsweringHosts, Probe
from batches.scanning.messages import Kind, Outcome
from batches.transitions import retry_after_outage

logger = logging.getLogger(__name__)


class NetworkWatch:
    """The breaker of a shift, its probes, and its state in the worker's row.

    `on_down` and `on_up` are called when an outage begins, and when one that probes confirmed ends.
    """

    def __init__(
        self, worker: Worker, *, on_down: Callable[[], None], on_up: Callable[[], None]
    ) -> None:
        self._worker = worker
        self._on_down = on_down
        self._on_up = on_up
        self._breaker = Breaker()
        self._hosts = AnsweringHosts()
        self._probe: Probe | None = None
        self._is_trial_due = False
        # The outage in the worker's row: since when, and how many jobs are to be retried after it.
        self._written: tuple[datetime | None, int] = (None, 0)
        self._continue_outage()

    @property
    def is_down(self) -> bool:
        return self._breaker.is_open

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Take the ends of jobs."""
        for outcome in outcomes:
            if outcome.kind is Kind.LOST:  # its process died, which says nothing of the network
                continue
            try:
                result = outcome.result
            except ValueError:  # not JSON: the flush has ended the job
                continue
            reason = result["reason"] if outcome.kind is Kind.FAILURE else ""
            self._breaker.note(outcome.job.claim, reason, outcome.started_at)
            if outcome.kind is Kind.REPORT:
                self._hosts.add(result)

    def step(self) -> None:
        """Probe while the network is down; retry what it failed once it is back."""
        self._breaker.check()
        if self.is_down:
            self._look()
        if retries := self._breaker.retries:
            count = retry_after_outage(dict(retries))
            logger.warning("worker=%s: %d jobs are retried", self._worker.pk, count)
            retries.clear()
        self._write()

    def claim_limit(self) -> int | None:
        """Return how many jobs may be claimed now, None for any number.

        While the network is down and no host is known to have answered, one job a minute is tried:
        one that waits, or else one that failed.
        """
        return int(self._is_trial_due) if self.is_down else None

    def note_claim(self) -> None:
        """Take that jobs were claimed: while the network is down, that was this minute's trial."""
        self._is_trial_due = False

    def close(self) -> None:
        if self._probe is not None:
            self._probe.kill()

    def _look(self) -> None:
        """Start a probe when one is due, and take its result."""
        if self._probe is not None:
            answered = self._probe.result()
            if answered is None:
                return
            self._probe = None
            if answered or self._hosts:  # a site of an earlier shift may be gone
                self._breaker.note_probe(answered=answered)
        elif self._breaker.is_probe_due():
            if self._is_trial_due:  # no job was waiting for the last trial
                self._breaker.retry_suspect()
            self._is_trial_due = not self._hosts
            if urls := (self._hosts or AnsweringHosts.of_latest_scans()).urls():
                self._probe = Probe(urls)

    def _write(self) -> None:
        """Write the outage to the worker's row, where pages and the next shift find it."""
        since, before = self._breaker.open_since, self._written[0]
        state = (since, len(self._breaker.suspects))
        if state == self._written:
            return
        if since and not before:
            self._on_down()
        suspects = [[str(pk), claim_no] for pk, claim_no in self._breaker.suspects]
        self._worker.beat(network_down_since=since, suspects=suspects)
        if since != before:
            text = "seems to be down" if since else "is back"
            logger.warning("worker=%s: the network of this host %s", self._worker.pk, text)
        if before and not since and self._breaker.is_confirmed:
            self._on_up()
        self._written = state

    def _continue_outage(self) -> None:
        """Take over the outage in which the last shift of this host ended."""
        rows = Worker.objects.filter(host=self._worker.host, network_down_since__isnull=False)
        earlier = rows.exclude(pk=self._worker.pk).exclude(status=Worker.Status.WORKING)
        last = earlier.order_by("-started_at").first()
        if last is not None and last.network_down_since is not None:
            suspects = [(UUID(pk), claim_no) for pk, claim_no in last.suspects]
            self._breaker.reopen(last.network_down_since, suspects)
            self._write()
            earlier.update(network_down_since=None, suspects=[])
