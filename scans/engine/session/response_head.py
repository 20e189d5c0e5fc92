"""Read the head of an HTTP response like browsers do (RFC 9110, RFC 9112, Fetch)."""

import re
from collections.abc import Callable, Iterator
from http.client import BadStatusLine, HTTPException, RemoteDisconnected
from typing import NamedTuple

from urllib3._collections import HTTPHeaderDict

# Maximum bytes of a head. Chrome allows 256 KB, but sites with a megabyte of cookies can be read.
MAX_HEAD = 2_000_000
# Maximum interim responses (1xx) before the final one; servers send one or two.
MAX_INTERIM = 32
# Maximum blank lines skipped before the status line (RFC 9112, 2.2).
MAX_BLANK = 4

_STATUS_LINE = re.compile(rb"[ \t]*HTTP(?:/(\d+)(?:\.(\d+))?)?[ \t]*(\d{3})(?!\d)[ \t]*(.*)", re.I)
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = re.compile(rb"[\r\n]+")
# Single-valued headers that servers may repeat: which occurrence browsers use.
_FIRST_COUNTS = frozenset({"refresh", "retry-after"})
_LAST_COUNTS = frozenset({"content-type"})
_SWITCHING_PROTOCOLS = 101

ReadLine = Callable[[int], bytes]


class UnreadableHeadError(HTTPException):
    """A head that no browser would accept, with the reason."""


class Head(NamedTuple):
    """The status line and the headers of a final response."""

    # 10 for HTTP/1.0 and below, 11 for anything later, as http.client counts.
    version: int
    status: int
    reason: str
    headers: HTTPHeaderDict


def read_head(readline: ReadLine) -> Head:
    """Read up to the end of the headers, skipping interim responses (1xx).

    Unreadable and empty headers are skipped, a line that begins with a space continues the previous
    one, and an exact repetition counts once. Raises an HTTPException for invalid HTTP, endless
    headers and contradictions.
    """
    for _ in range(MAX_INTERIM):
        version, status, reason = _read_status(readline)
        headers = _read_headers(readline)
        if status >= 200 or status == _SWITCHING_PROTOCOLS:
            _check_length(headers)
            return Head(version, status, reason, headers)
    raise UnreadableHeadError(f"more than {MAX_INTERIM} interim responses")


def _read_status(readline: ReadLine) -> tuple[int, int, str]:
    line = b""
    for _ in range(MAX_BLANK + 1):
        line = readline(MAX_HEAD)
        if not line:
            raise RemoteDisconnected("The connection was closed before the status line.")
        if line.strip():
            break
    match = _STATUS_LINE.match(line)
    if not match or int(match[3]) < 100:
        raise BadStatusLine(line[:100].decode("latin-1").strip())
    major, minor = int(match[1] or 1), int(match[2] or 0)
    reason = match[4].decode("latin-1").strip()
    return 10 if (major, minor) <= (1, 0) else 11, int(match[3]), reason


def _read_headers(readline: ReadLine) -> HTTPHeaderDict:
    headers = HTTPHeaderDict()
    seen: set[tuple[str, str]] = set()
    for name, value in _fields(readline):
        key = name.lower()
        if not value or (key, value) in seen or (key in _FIRST_COUNTS and key in headers):
            continue
        seen.add((key, value))
        if key in _LAST_COUNTS and "/" in value:
            headers[name] = value
        else:
            headers.add(name, value)
    return headers


def _fields(readline: ReadLine) -> Iterator[tuple[str, str]]:
    """Yield the names and values of readable lines."""
    for line in _unfolded_lines(readline):
        name, colon, value = line.partition(b":")
        name = name.rstrip(b" \t")
        if colon and _NAME.fullmatch(name):
            yield name.decode("ascii"), value.strip(b" \t").decode("latin-1")


def _unfolded_lines(readline: ReadLine) -> Iterator[bytes]:
    """Yield the lines up to the blank one, joined with their continuations."""
    pending = b""
    room = MAX_HEAD
    while True:
        line = readline(room + 1)
        room -= len(line)
        if room < 0:
            raise UnreadableHeadError(f"more than {MAX_HEAD:,} bytes of headers")
        text = _CONTROLS.sub(b" ", line.rstrip(b"\r\n")).replace(b"\0", b"")
        if not text:
            break
        if text[:1] in b" \t":
            pending = pending and pending + b" " + text.strip(b" \t")
            continue
        if pending:
            yield pending
        pending = text
    if pending:
        yield pending


def _check_length(headers: HTTPHeaderDict) -> None:
    lengths = {length.strip() for length in headers.get("content-length", "").split(",")}
    if len(lengths) > 1 and "transfer-encoding" not in headers:
        raise UnreadableHeadError("several Content-Length headers that differ")
