"""An incoming request, refused as soon as it exceeds a limit."""

import time
from typing import Any

from waitress.parser import HTTPRequestParser
from waitress.utilities import BadRequest

from scrapersky.web_server.limits import Limits
from scrapersky.web_server.refusal import Refusal


class LimitedParser(HTTPRequestParser):
    """A request that fails, or asks for permission to upload, once it is too large.

    While `needs_permission` is set, the connection must not be read, because the decision
    determines whether the rest is accepted.
    """

    needs_permission = False
    is_upload = False
    _waits_to_continue = False

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.limits: Limits = adj.limits
        self.started = time.time()

    def received(self, data: bytes) -> int:
        """Consume the bytes of this request; return how many."""
        try:
            consumed: int = super().received(data)
        except ValueError:  # a length of 5,000 digits, brackets in a host
            consumed = len(data)
            self.error = BadRequest("Malformed request")
        if self.error is None and not self.is_framed_well():
            self.error = BadRequest("Malformed body")
        if self.error is None:
            self._check_size()
        if self.error is not None:
            self._end()
        return consumed

    def deadline(self) -> float:
        """Return when the request must be complete; further bytes do not extend it."""
        if not self.headers_finished:
            return self.started + self.limits.header_seconds
        seconds = self.limits.upload_seconds if self.is_upload else self.limits.request_seconds
        return self.started + seconds

    def permit(self) -> None:
        """Allow the request to be as large as an upload."""
        self.needs_permission = False
        self.is_upload = True
        self.expect_continue = self._waits_to_continue
        self.completed = self.body_rcv is not None and self.body_rcv.completed

    def refuse(self, status: int) -> None:
        """End the request with a status of 400 or more."""
        self.needs_permission = False
        self.error = Refusal(status)
        self._end()

    def is_framed_well(self) -> bool:
        """Whether chunk headers are short, and the end of the body is unambiguous."""
        if "TRANSFER_ENCODING" in self.headers:
            return False  # HTTP/1.0, which proxies may read differently (RFC 9112, 6.1)
        if not self.chunked:
            return True
        longest = max(len(self.body_rcv.control_line), len(self.body_rcv.trailer))
        return longest <= self.limits.chunk_line_bytes

    def body_size(self) -> int:
        """Return the size of the body, or the size received so far if it is chunked."""
        return len(self.body_rcv) if self.chunked else self.content_length

    def _check_size(self) -> None:
        limits, size = self.limits, self.body_size()
        limit = limits.upload_bytes if self.is_upload else limits.body_bytes
        # Chunk headers may take as much space as the chunks themselves.
        if size <= limit and self.body_bytes_received <= 2 * limit:
            return
        has_credentials = {"COOKIE", "AUTHORIZATION"} & self.headers.keys()
        if self.is_upload or size > limits.upload_bytes or not has_credentials:
            self.error = Refusal(413)
        else:
            self._ask_permission()

    def _ask_permission(self) -> None:
        self.needs_permission = True
        self.completed = False
        # No "100 Continue" before the decision.
        self._waits_to_continue, self.expect_continue = self.expect_continue, False

    def _end(self) -> None:
        self.completed = True
        # waitress would send "100 Continue" and continue reading.
        self.expect_continue = False
