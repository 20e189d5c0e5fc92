"""Track the remaining time of a scan, and whether it was cancelled."""

import socket
import threading
import time
from contextlib import suppress
from weakref import WeakSet

from scans.engine.errors import FailureReason, ScanError

# Seconds between two looks whether a scan is to stop, where a stop does not end the wait.
LOOK_EVERY = 0.5


class Stop:
    """A request to end scans, which also ends the waits of their TCP sockets.

    Otherwise each thread would have to wake up and look, and take the interpreter from the thread
    that reads a page.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()

    def is_set(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """End the scans; those that wait notice at once."""
        self._event.set()
        with self._lock:
            for sock in self._sockets:
                _shut_down(sock)

    def wait(self, seconds: float) -> None:
        """Wait, but not after a stop."""
        self._event.wait(seconds)

    def watch(self, sock: socket.socket) -> None:
        """Shut a socket down when the scans are to end, or now if they are."""
        with self._lock:
            self._sockets.add(sock)
        if self.is_set():
            _shut_down(sock)


def _shut_down(sock: socket.socket) -> None:
    with suppress(OSError):  # closed, or not yet connected
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # a TLS socket's own would drop its session


class Budget:
    """The deadlines of one scan and of its current request.

    Everything that waits (a lookup, a socket, a pause between requests) asks here how long it may,
    and gets a ScanError once the time is over or the scan was cancelled.
    """

    def __init__(self, seconds: float, stop: Stop | None = None) -> None:
        self.seconds = seconds
        self.started = time.monotonic()
        self.ends = self.started + seconds
        self.stop = stop or Stop()
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
        if self.stop.is_set():
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
        """Wait; raise at once if the scan is cancelled or has too little time left."""
        if time.monotonic() + seconds >= self.ends:
            self.check()
            raise self._deadline()
        self.stop.wait(seconds)
        self.check()

    def _deadline(self) -> ScanError:
        sentence = f"The site took longer than its deadline of {self.seconds:g} s."
        return ScanError(FailureReason.DEADLINE_EXCEEDED, sentence)
