"""Read a scanning process's messages, JSON lines on stdin, under a watchdog."""

import faulthandler
import json
import os
import select
import time
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from scans.engine.limits import FetchSettings

# Seconds that something (a regex holding the GIL) may block the main loop before the process
# ends itself.
STUCK_AFTER = 20.0
# Seconds without a message after which an empty one is yielded.
IDLE_EVERY = 0.5
READ_SIZE = 65_536

_SETTING_NAMES = frozenset(field.name for field in fields(FetchSettings))


class Watchdog:
    """End the process if it has not been reset for `STUCK_AFTER` seconds."""

    # Minimum seconds between resets: each starts a thread.
    EVERY = 1.0

    def __init__(self) -> None:
        self._next = 0.0

    def wind_up(self) -> None:
        if (now := time.monotonic()) >= self._next:
            self._next = now + self.EVERY
            faulthandler.dump_traceback_later(STUCK_AFTER, exit=True)

    def stop(self) -> None:
        """Stop the timer until the next reset."""
        faulthandler.cancel_dump_traceback_later()
        self._next = 0.0


def read_messages(watchdog: Watchdog) -> Iterator[dict[str, Any]]:
    """Yield the messages from stdin, and an empty one when none has arrived for a while.

    Each iteration resets the watchdog, which ends the process if this loop stalls.
    """
    pending = b""
    while True:
        watchdog.wind_up()
        if not select.select([0], [], [], IDLE_EVERY)[0]:
            yield {}
            continue
        received = os.read(0, READ_SIZE)
        if not received:
            return
        *lines, pending = (pending + received).split(b"\n")
        yield from (json.loads(line) for line in lines if line.strip())


def read_settings(message: dict[str, Any]) -> tuple[FetchSettings, int]:
    """Return the settings of a first message, and the number of threads."""
    known = {name: value for name, value in message.items() if name in _SETTING_NAMES}
    for name in ("allowed_networks", "mapped_networks", "host_map", "dns_servers"):
        items = known.get(name, ())
        known[name] = tuple(tuple(item) if isinstance(item, list) else item for item in items)
    return FetchSettings(**known), int(message.get("threads", 8))
