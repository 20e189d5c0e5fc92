"""The supervisor of the parts."""

import logging
import signal
import threading
from collections.abc import Sequence
from time import monotonic
from time import sleep as wait
from types import FrameType

from scrapersky.supervisor.guardian import Guardian
from scrapersky.supervisor.part import Part
from scrapersky.supervisor.watch import QueueWatch

logger = logging.getLogger(__name__)

TICK = 0.3
# Seconds that the parts have to end; a shift releases its jobs within five.
GRACE = 8.0


class Supervisor:
    """Start the parts, keep them running, and end them all on request."""

    def __init__(self, parts: Sequence[Part], *, worker: str = "worker") -> None:
        self._parts = list(parts)
        self._watch = QueueWatch(next((part for part in parts if part.name == worker), None))
        self._stop_requested = threading.Event()
        self._urgent = False
        self._guardian = Guardian()

    def run(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP; a second signal ends without grace."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self.tend()
            while not self._stop_requested.wait(TICK):
                self.tend()
        finally:
            self.end()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._urgent = self._stop_requested.is_set()
        self._stop_requested.set()

    def tend(self) -> None:
        """Start parts that are not running; restart those that died or hang."""
        for part in self._parts:
            if part.has_died():
                logger.warning("The %s ended unexpectedly; restarting it.", part.name)
                self._end_part(part)
        if hung := self._watch.hung_part():
            logger.warning("The %s does not respond; restarting it.", hung.name)
            self._end_part(hung)
        for part in self._parts:
            if part.is_due() and not self._stop_requested.is_set():
                part.start()
                self._guardian.watch(part.pid)

    def end(self) -> None:
        """End every part: gracefully first, then by killing its group."""
        give_up = monotonic() + GRACE
        for part in self._parts:
            part.ask_to_end()
        while any(part.pid and not part.has_died() for part in self._parts):
            if self._urgent or monotonic() > give_up:
                break
            wait(TICK)
        for part in self._parts:
            self._end_part(part)
        self._guardian.close()

    def _end_part(self, part: Part) -> None:
        group = part.pid
        part.end()
        if group:
            self._guardian.forget(group)
