"""The connections of one process, and the loop that reads them."""

import signal
import socket
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from scrapersky.web_server.channel import LimitedChannel
from scrapersky.web_server.limits import Limits
from scrapersky.web_server.parser import LimitedParser
from scrapersky.web_server.permission import GRANTED, MayUpload, PermissionThread, Question

ACCEPTED_AT_ONCE = 64
# Small, because waitress copies the remaining buffer with every chunk of a chunked body.
READ_BYTES = 8_192
# Seconds between checks of deadlines.
TICK = 1


class LimitedServer(TcpWSGIServer):
    """A server that drops the longest-waiting connections to make room for new ones."""

    channel_class = LimitedChannel
    active_channels: dict[int, LimitedChannel]

    def __init__(self, *args: Any, may_upload: MayUpload, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits: Limits = self.adj.limits
        self._permission = PermissionThread(may_upload)
        self._held_bytes = 0
        self._stops_at = 0.0

    def handle_accept(self) -> None:
        """Accept pending connections; above the limit, close the one that waited longest."""
        for _ in range(ACCEPTED_AT_ONCE):
            before = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == before:
                return
            if before >= self.limits.connections:
                self._make_room()

    def _make_room(self) -> None:
        """Close a waiting connection of the address with most of them, uploads last.

        If none is waiting, close the one accepted last.
        """
        channels = list(self.active_channels.values())
        waiting = [channel for channel in channels if channel.is_waiting]
        busiest = Counter(channel.addr[0] for channel in waiting).most_common(1)
        if not busiest:
            channels[-1].handle_close()
            return
        candidates = (channel for channel in waiting if channel.addr[0] == busiest[0][0])
        longest_waiting(candidates).handle_close()

    def note_held(self, count: int) -> None:
        """Count received bytes, and close connections if bodies take too much memory."""
        self._held_bytes += count
        if self._held_bytes <= self.limits.held_bytes:
            return
        held = {channel: channel.held_bytes() for channel in self.active_channels.values()}
        self._held_bytes = sum(held.values())
        receiving = sorted(
            (channel for channel in held if channel.is_waiting and held[channel]),
            key=lambda channel: channel.waits_since,
        )
        for channel in receiving:
            if self._held_bytes <= self.limits.held_bytes:
                return
            self._held_bytes -= held[channel]
            channel.handle_close()

    def ask_permission(self, channel: LimitedChannel, request: LimitedParser) -> None:
        """Ask whether a request may be an upload; the channel gets the answer in the loop."""

        def decided(status: int) -> None:
            self.trigger.pull_trigger(partial(self._decided, channel, request, status))

        path = "/" + request.path.lstrip("/")  # as in waitress
        question = Question(path, dict(request.headers), lambda: channel.connected, decided)
        self._permission.ask(question)

    def _decided(self, channel: LimitedChannel, request: LimitedParser, status: int) -> None:
        uploads = sum(other.is_uploading for other in self.active_channels.values())
        if status == GRANTED and uploads >= self.limits.uploads:
            status = 503
        channel.permission_decided(request, status)

    def maintenance(self, now: float) -> None:
        """Check the deadlines of all connections; waitress calls this between reads."""
        for channel in list(self.active_channels.values()):
            channel.check_deadlines(now)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Stop accepting, and end once running requests are served; a signal handler."""
        self.accepting = False
        self._stops_at = self._stops_at or time.time() + self.limits.shutdown_seconds
        self.pull_trigger()

    def readable(self) -> bool:
        if self._stops_at:
            busy = any(not channel.is_waiting for channel in self.active_channels.values())
            if not busy or time.time() > self._stops_at:
                raise SystemExit
        return bool(super().readable())


def longest_waiting(channels: Any) -> LimitedChannel:
    return min(channels, key=lambda channel: (channel.is_uploading, channel.waits_since))


def create_server(
    application: Callable[..., Any],
    listening: socket.socket,
    limits: Limits,
    may_upload: MayUpload,
) -> LimitedServer:
    """Return a server for a listening socket; `run()` serves until `stop`."""
    settings = Adjustments(
        sockets=[listening],
        threads=limits.threads,
        ident="ScraperSky",
        max_request_header_size=limits.header_bytes,
        # LimitedParser has the limits; this one would also count chunk headers.
        max_request_body_size=3 * limits.upload_bytes,
        # Ordinary bodies stay in memory, so that anonymous clients cannot write to the disk. A
        # single read may exceed the limit before the parser sees it.
        inbuf_overflow=limits.body_bytes + 2 * READ_BYTES,
        recv_bytes=READ_BYTES,
        # LimitedServer has its own limit, beyond which it still accepts.
        connection_limit=1_000_000,
        cleanup_interval=TICK,
        asyncore_loop_timeout=TICK,
        asyncore_use_poll=True,
        log_socket_errors=False,
        # scrapersky.web.client_address decides which to trust.
        clear_untrusted_proxy_headers=False,
    )
    settings.limits = limits
    return LimitedServer(
        application,
        map={},
        _sock=listening,
        adj=settings,
        sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        bind_socket=False,
        may_upload=may_upload,
    )


def serve(server: LimitedServer) -> None:
    """Serve until SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    server.run()
