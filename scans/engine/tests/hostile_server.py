"""A web server that misbehaves on purpose, on its own loopback address.

It writes to the raw socket, so that it can send what no server library would.
"""

from __future__ import annotations

import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from scans.engine.limits import FetchSettings

# The only address that tests allow, so that 127.0.0.1 stays forbidden.
ADDRESS = "127.0.0.2"
HEAD_END = b"\r\n\r\n"


@dataclass(slots=True)
class Visit:
    """One request, and the means to answer it."""

    sock: socket.socket
    method: str
    path: str
    headers: dict[str, str]
    # Set when the server closes; endless responses wait for it.
    closing: threading.Event
    # How many times this path has been requested, including now.
    number: int = 1

    def send(self, data: bytes) -> None:
        """Send raw bytes."""
        self.sock.sendall(data)

    def reply(
        self, body: bytes = b"", status: str = "200 OK", headers: dict[str, str] | None = None
    ) -> None:
        """Send a well-formed answer that leaves the connection open."""
        lines = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
        lines.update(headers or {})
        self.send(head(status, lines) + body)

    def hang(self) -> None:
        """Send nothing until the server closes."""
        self.closing.wait(60)


# Handles one request; the connection is kept if it returns, and closed if it raises.
Answer = Callable[[Visit], None]


class Hangup(Exception):  # noqa: N818
    """Raised by a response to close the connection."""


def head(status: str = "200 OK", headers: dict[str, str] | None = None) -> bytes:
    """Return a status line and headers, ready for a body."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return "\r\n".join(lines).encode() + HEAD_END


def page(
    body: str | bytes, status: str = "200 OK", headers: dict[str, str] | None = None
) -> Answer:
    """Return an answer that sends one page."""
    data = body.encode() if isinstance(body, str) else body
    return lambda visit: visit.reply(data, status, headers)


def redirect(location: str, status: str = "302 Found") -> Answer:
    """Return an answer that sends the visitor elsewhere."""
    return page("", status, {"Location": location})


def in_turn(*answers: Answer) -> Answer:
    """Return a response that sends each of the given ones in turn."""
    return lambda visit: answers[min(visit.number, len(answers)) - 1](visit)


def never(visit: Visit) -> None:
    """Accept the request and send nothing."""
    visit.hang()


def hang_up(visit: Visit) -> None:
    """Close the connection without a response."""
    raise Hangup


def drip(visit: Visit) -> None:
    """Send an endless page one byte at a time."""
    visit.send(head(headers={"Content-Type": "text/html"}))
    while not visit.closing.wait(0.05):
        visit.send(b"x")


def drip_headers(visit: Visit) -> None:
    """Send an endless header one byte at a time."""
    visit.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not visit.closing.wait(0.05):
        visit.send(b"x")


def endless_body(visit: Visit) -> None:
    """Send an endless page."""
    visit.send(head(headers={"Content-Type": "text/html"}) + b"<html><title>Endless</title>")
    while not visit.closing.is_set():
        visit.send(b"<p>more and more</p>" * 5_000)


def endless_headers(visit: Visit) -> None:
    """Send endless headers."""
    visit.send(b"HTTP/1.1 200 OK\r\n")
    while not visit.closing.is_set():
        visit.send(b"X-More: and more\r\n" * 1_000)


def gzip_bomb(visit: Visit) -> None:
    """Send 10 GB of spaces in 10 MB of gzip."""
    visit.send(head(headers={"Content-Type": "text/html", "Content-Encoding": "gzip"}))
    for block in packed_blanks(10_240):
        visit.send(block)
    raise Hangup


def packed_blanks(megabytes: int) -> Iterator[bytes]:
    """Yield a gzip file of spaces; every megabyte is the same 1 KB block."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(b" " * 1_048_576) + packer.flush(zlib.Z_FULL_FLUSH)
    yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
    for _ in range(megabytes):
        yield block


@dataclass
class HostileServer:
    """Serve responses by path; other paths are a 404.

    `visits` lists the requested paths, `connections` counts accepted connections. With `tls`, each
    connection is wrapped first.
    """

    answers: dict[str, Answer]
    tls: ssl.SSLContext | None = None
    address: str = ADDRESS
    # If set, called with the raw connection instead.
    on_connect: Answer | None = None
    port: int = 0
    visits: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> HostileServer:
        self._closing = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server((self.address, self.port), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        # Each thread closes its own socket: if closed here, another test could reuse the descriptor
        # before the thread notices.
        for sock in self._open:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        self._thread.join(5)

    @property
    def map(self) -> tuple[tuple[str, str], ...]:
        """Return a host map that leads every `.test` name here, for http or https."""
        target = f"{self.address}:0:{self.port}" if self.tls else f"{self.address}:{self.port}"
        return (("*.test", target),)

    def settings(self, **others: object) -> FetchSettings:
        """Return fetch settings that allow only this server's address."""
        values: dict[str, object] = {
            "allowed_networks": (f"{self.address}/32",),
            "host_map": self.map,
        }
        return FetchSettings(**{**values, **others})  # type: ignore[arg-type]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError, Hangup, ValueError, IndexError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.on_connect is not None:
                self.on_connect(Visit(sock, "", "", {}, self._closing))
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            while visit := self._read(sock):
                self.answers.get(visit.path, page("Not found", "404 Not Found"))(visit)
        with suppress(OSError):
            sock.close()

    def _read(self, sock: socket.socket) -> Visit | None:
        received = b""
        while HEAD_END not in received:
            chunk = sock.recv(65_536)
            if not chunk:
                return None
            received += chunk
        first, *rest = received.partition(HEAD_END)[0].decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        pairs = (line.partition(": ") for line in rest)
        headers = {name.lower(): value for name, _, value in pairs}
        self.visits.append(path)
        self.hosts.append(headers.get("host", ""))
        return Visit(sock, method, path, headers, self._closing, self.visits.count(path))
