"""Track the remaining time of a scan, and whether it was cancelled."""

import time
from collections.abc import Callable

from scans.engine.errors import FailureReason, ScanError

# Seconds between checks of `should_stop` while waiting.
SLICE = 0.5


class Budget:
    """The deadlines of one scan and of its current request.

    Everything that waits (a lookup, a socket, a pause between requests) asks here how long it may,
    and gets a ScanError once the time is over or the scan was cancelled.
    """

    def __init__(self, seconds: float, should_stop: Callable[[], bool] | None = None) -> None:
        self.seconds = seconds
        self.started = time.monotonic()
        self.ends = self.started + seconds
        self.should_stop = should_stop
        self._request_seconds = seconds
        self._request_ends = self.ends

    def elapsed(self) -> float:
        """Return the seconds since the scan began."""
        return time.monotonic() - self.started

    def remaining(self) -> float:
        """Return the seconds the scan has left, never below zero."""
        return max(0.0, self.ends - time.monotonic())

    def begin_request(self, seconds: float) -> None:
        """Start a request that may take this long in total, within the scan's remaining time."""
        self.check()
        self._request_seconds = seconds
        self._request_ends = min(self.ends, time.monotonic() + seconds)

    def check(self) -> None:
        """Raise ScanError if the scan was cancelled or its time is over."""
        if self.should_stop is not None and self.should_stop():
            raise ScanError(FailureReason.CANCELLED)
        if time.monotonic() >= self.ends:
            raise self._deadline()

    def request_left(self) -> float:
        """Return the remaining seconds of the current request; raise ScanError if none are left."""
        self.check()
        left = self._request_ends - time.monotonic()
        if left > 0:
            return left
        raise ScanError(
            FailureReason.READ_TIMEOUT,
            f"The server took longer than {self._request_seconds:g} s for one response.",
        )

    def sleep(self, seconds: float) -> None:
        """Wait in slices to notice a cancellation; raise immediately if too little time is left."""
        until = time.monotonic() + seconds
        if until >= self.ends:
            self.check()
            raise self._deadline()
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(SLICE, left))

    def _deadline(self) -> ScanError:
        sentence = f"The site took longer than its deadline of {self.seconds:g} s."
        return ScanError(FailureReason.DEADLINE_EXCEEDED, sentence)
