"""Responses of http.client and urllib3 that parse heads and chunks like browsers do."""

from __future__ import annotations

import http.client
import re
from typing import Any

import urllib3
from urllib3._collections import HTTPHeaderDict
from urllib3.connection import HTTPConnection

from scans.engine.session.response_head import read_head

# Maximum bytes of a chunk-size line.
MAX_SIZE_LINE = 4_096
_HEX = re.compile(rb"[0-9a-fA-F]{1,16}")
_DECIMAL = re.compile(r"\d{1,18}")
_WITHOUT_BODY = frozenset({204, 304})


class BrokenChunkError(http.client.HTTPException):
    """A body declared as chunked that is not."""


class LenientResponse(http.client.HTTPResponse):
    """A response that ignores unreadable headers instead of failing."""

    def begin(self) -> None:
        """Read the head and determine the length of the body (RFC 9112, 6.3)."""
        if self.headers is not None:
            return
        head = read_head(self.fp.readline)
        self.version, self.status, self.reason = head.version, head.status, head.reason
        self.code = head.status
        message: Any = head.headers  # has the methods that urllib3 and cookie jars call
        self.headers = self.msg = message
        self.chunked = _is_chunked(head.headers.get("transfer-encoding", ""))
        self.chunk_left: int | None = None
        self.length = None if self.chunked else _take_length(head.headers)
        if head.status in _WITHOUT_BODY or head.status < 200:
            self.length, self.chunked = 0, False
        endless = self.length is None and not self.chunked
        self.will_close = endless or self._check_close()

    def _get_chunk_left(self) -> int | None:
        """Return the remaining bytes of the current or next chunk; None after the last one.

        The line after a chunk may end with a bare line feed.
        """
        if self.chunk_left:
            return self.chunk_left
        if self.chunk_left is not None and self.fp.readline(3) not in (b"\r\n", b"\n"):
            raise http.client.IncompleteRead(b"")
        self.chunk_left = self._read_next_chunk_size()
        if self.chunk_left == 0:
            reader: Any = self  # these two are not in the type stubs
            reader._read_and_discard_trailer()
            reader._close_conn()
            self.chunk_left = None
        return self.chunk_left

    def _read_next_chunk_size(self) -> int:
        """Return the size of the next chunk; raise IncompleteRead at the end of the connection."""
        line = self.fp.readline(MAX_SIZE_LINE)
        size = line.partition(b";")[0].strip()
        if not line.endswith(b"\n") and len(line) < MAX_SIZE_LINE:
            raise http.client.IncompleteRead(b"")
        if not _HEX.fullmatch(size):
            raise BrokenChunkError("its chunks do not have sizes")
        return int(size, 16)


def receive(connection: HTTPConnection) -> urllib3.HTTPResponse:
    """Return the response to the last request, with its body unread.

    Like urllib3's `getresponse`, but without reparsing the headers as an e-mail message.
    """
    options = connection._response_options
    if options is None:
        raise http.client.ResponseNotReady
    connection._response_options = None
    connection.sock.settimeout(connection.timeout)
    shutdown = connection.sock.shutdown
    original: Any = http.client.HTTPConnection.getresponse(connection)
    return urllib3.HTTPResponse(
        body=original,
        headers=original.headers,
        status=original.status,
        version=original.version,
        reason=original.reason,
        preload_content=options.preload_content,
        decode_content=options.decode_content,
        original_response=original,
        enforce_content_length=options.enforce_content_length,
        request_method=options.request_method,
        request_url=options.request_url,
        sock_shutdown=shutdown,
    )


def _is_chunked(codings: str) -> bool:
    return "chunked" in (coding.strip().lower() for coding in codings.split(","))


def _take_length(headers: HTTPHeaderDict) -> int | None:
    """Return the Content-Length, or None if missing or unreadable; `42, 42` is 42.

    The header is rewritten or removed because urllib3 parses it again by other rules.
    """
    first = headers.get("content-length", "").partition(",")[0].strip()
    headers.discard("content-length")
    if not _DECIMAL.fullmatch(first):
        return None
    headers["Content-Length"] = first
    return int(first)
