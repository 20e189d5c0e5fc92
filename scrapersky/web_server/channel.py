"""A connection with limits on its resources and duration."""

import socket
import time
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel

from scrapersky.web_server.limits import Limits
from scrapersky.web_server.parser import LimitedParser
from scrapersky.web_server.permission import GRANTED
from scrapersky.web_server.refusal import RefusalTask

DISCARDED_AT_ONCE = 262_144


class LimitedChannel(HTTPChannel):
    """A connection that ends if its client sends or reads too slowly.

    Everything except `send` runs in the server's loop.
    """

    parser_class = LimitedParser
    error_task_class = RefusalTask
    request: LimitedParser | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits: Limits = self.adj.limits
        self._unparsed = b""
        self._awaits_permission = False
        self._refused = False
        self._lingers_until = 0.0
        self._sent_bytes = 0
        self._drained = (0.0, 0)

    @property
    def is_waiting(self) -> bool:
        """Whether the server is only waiting for the client."""
        return not self.requests and not self.total_outbufs_len

    @property
    def waits_since(self) -> float:
        return self.request.started if self.request else self.last_activity

    @property
    def is_uploading(self) -> bool:
        return self.request is not None and self.request.is_upload

    def held_bytes(self) -> int:
        """Return the size of bodies held in memory; uploads are on disk."""
        with self.requests_lock:
            requests = [*self.requests, *([self.request] if self.request else [])]
        return sum(each.body_bytes_received for each in requests if not each.is_upload)

    def readable(self) -> bool:
        return not self._awaits_permission and super().readable()

    def handle_read(self) -> None:
        if not self._lingers_until:
            super().handle_read()
            return
        try:
            self.recv(DISCARDED_AT_ONCE)
        except OSError:
            self.handle_close()

    def received(self, data: bytes) -> bool:
        """Process received data, replacing waitress's method.

        Unlike that, it stops at a refused request and while waiting for permission.
        """
        with self.requests_lock:
            if self.will_close or self.close_when_flushed:
                return False
            self._parse(data)
        self.server.note_held(len(data))
        return True

    def _parse(self, data: bytes) -> None:
        while data and not self._refused and not self._awaits_permission:
            if self.request is None:
                self.request = self.parser_class(self.adj)
            request = self.request
            data = data[request.received(data) :]
            if request.needs_permission:
                self._awaits_permission = True
                self.server.ask_permission(self, request)
            else:
                self._advance(request)
        self._unparsed = data

    def _advance(self, request: LimitedParser) -> None:
        """Pass on a complete request, or let the client send the body."""
        if request.completed:
            self._refused = request.error is not None
            self.sent_continue = False
            self.request = None
            if not request.empty:
                self._queue(request)
        elif request.expect_continue and request.headers_finished and not self.requests:
            self.send_continue()

    def _queue(self, request: LimitedParser) -> None:
        self.requests.append(request)
        if len(self.requests) == 1:  # otherwise the thread serving the previous one passes it on
            self.server.add_task(self)

    def permission_decided(self, request: LimitedParser, status: int) -> None:
        """Continue a request after the decision on its upload."""
        with self.requests_lock:
            if self.request is not request or not self.connected:
                return
            self._awaits_permission = False
            if status == GRANTED:
                request.permit()
            else:
                request.refuse(status)
            self._advance(request)
            self._parse(self._unparsed)

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent: int = super().send(data, do_close=do_close)
        self._sent_bytes += sent
        return sent

    def handle_write(self) -> None:
        if not self._refused or not self.close_when_flushed or self.will_close:
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.connected and not self.total_outbufs_len:
            self._linger()

    def _linger(self) -> None:
        """Stop sending, and discard further data.

        If the connection closed with unread bytes, the reset would reach the client before it has
        read the refusal.
        """
        self.close_when_flushed = False
        self._lingers_until = time.time() + self.limits.linger_seconds
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def check_deadlines(self, now: float) -> None:
        """Close the connection, or refuse its request, if the client is too slow."""
        if self._lingers_until:
            overdue = now > self._lingers_until
        elif not self.is_waiting:
            overdue = self._reads_too_slowly(now)
        elif self.request is None:
            overdue = now > self.last_activity + self.limits.idle_seconds
        else:
            overdue = False
            self._check_request(self.request, now)
        if overdue:
            self.handle_close()

    def _check_request(self, request: LimitedParser, now: float) -> None:
        """Refuse a request that has not arrived in time."""
        if now <= request.deadline():
            return
        with self.requests_lock:
            self._awaits_permission = False
            request.refuse(408)
            self._advance(request)

    def _reads_too_slowly(self, now: float) -> bool:
        since, sent_bytes = self._drained
        progress = self._sent_bytes - sent_bytes
        if not self.total_outbufs_len or not since or progress >= self.limits.drain_bytes:
            self._drained = (now if self.total_outbufs_len else 0.0, self._sent_bytes)
            return False
        return now > since + self.limits.drain_seconds
