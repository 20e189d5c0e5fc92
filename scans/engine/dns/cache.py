"""Cache the answers of name servers for their TTL."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

# Maximum number of cached answers per process.
MAX_ENTRIES = 20_000
# Maximum seconds to keep an answer; a missing name may be registered at any time.
LONGEST = 3_600
LONGEST_MISSING = 300


class Answer(NamedTuple):
    """The DNS answer for a host: its addresses, or why there are none."""

    addresses: tuple[str, ...]
    # Its lifetime in seconds.
    ttl: int
    # Empty if there are addresses.
    reason: str = ""


class AnswerCache:
    """Answers by host; shared by the threads of a process."""

    def __init__(
        self, most: int = MAX_ENTRIES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._clock = clock
        self._answers: dict[str, tuple[float, Answer]] = {}
        self._lock = threading.Lock()

    def get(self, host: str) -> Answer | None:
        """Return the cached answer for a host, or None once it has expired."""
        known = self._answers.get(host)
        return known[1] if known is not None and known[0] > self._clock() else None

    def keep(self, host: str, answer: Answer) -> None:
        """Keep an answer until its TTL expires; evict the oldest when full."""
        seconds = min(answer.ttl, LONGEST if answer.addresses else LONGEST_MISSING)
        if seconds <= 0:
            return
        with self._lock:
            self._answers.pop(host, None)
            while len(self._answers) >= self._most:
                del self._answers[next(iter(self._answers))]
            self._answers[host] = (self._clock() + seconds, answer)
