"""Limit the parallel lookups of a process, with a lower limit while name servers time out."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scans.engine.session.budget import LOOK_EVERY, Budget

# Parallel lookups per process. With 25 of them, a stub resolver began to time out.
MAX_LOOKUPS = 16
MIN_LOOKUPS = 2
# Seconds to wait after a failed attempt: doubled by each consecutive failure, up to the second
# value.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
# Failures within this many seconds after a slow-down count as the same stall.
SAME_STALL = 1.0


class Pace:
    """Limit parallel lookups like TCP's congestion control.

    A failure halves the limit and an answer raises it by a fraction, so a stalling resolver gets
    less load within seconds, and the full load soon after it has recovered.
    """

    def __init__(
        self,
        most: int = MAX_LOOKUPS,
        least: int = MIN_LOOKUPS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # The current limit, rounded down when applied.
        self.limit = float(most)
        # Seconds to wait before the next attempt.
        self.pause = 0.0
        self._most, self._least = most, least
        self._clock = clock
        self._active = 0
        self._slowed_at = -SAME_STALL
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, budget: Budget, patience: float) -> Iterator[bool]:
        """Wait for a free slot and hold it; yield False if none frees up within `patience` s.

        Raises ScanError if the scan is cancelled or its time is over.
        """
        entered = self._enter(budget, time.monotonic() + patience)
        try:
            yield entered
        finally:
            if entered:
                with self._changed:
                    self._active -= 1
                    self._changed.notify()

    def note_answer(self) -> None:
        """Raise the limit a little after an answer."""
        with self._changed:
            self.pause = 0.0
            self.limit = min(float(self._most), self.limit + 1 / self.limit)

    def note_failure(self) -> None:
        """Lower the limit after a name server failed to answer."""
        with self._changed:
            self.pause = min(max(self.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            now = self._clock()
            if now - self._slowed_at >= SAME_STALL:
                self._slowed_at = now
                self.limit = max(float(self._least), self.limit / 2)

    def _enter(self, budget: Budget, until: float) -> bool:
        with self._changed:
            while self._active >= int(self.limit):
                budget.check()
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(LOOK_EVERY, left))
            self._active += 1
            return True
