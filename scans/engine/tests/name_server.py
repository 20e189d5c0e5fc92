"""A scripted name server on loopback, over UDP and TCP."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

LONGEST_UDP = 512
SOA = "ns.test. admin.test. 1 2 3 4 {ttl}"

Reply = Callable[[dns.message.Message], "bytes | None"]


@dataclass
class LoopbackNameServer:
    """Answer by name: `{"acme.test": ["A 127.0.0.2", "AAAA ::1"], "www.acme.test": ["CNAME ..."]}`.

    A name that is not in `zone` is NXDOMAIN, one with other records only is NODATA. Aliases are
    followed as recursive servers do, unless `partial`. `asked` lists the questions, `www.a.test A`.
    """

    zone: dict[str, list[str]] = field(default_factory=dict)
    ttl: int = 300
    partial: bool = False
    # If set, replaces the response: the bytes to send, or None for silence.
    reply: Reply | None = None
    address: str = "127.0.0.3"
    # Whether UDP responses may have any length.
    cuts_udp: bool = True
    asked: list[str] = field(default_factory=list)
    over_tcp: int = 0
    # The maximum number of questions pending at the same time.
    most_at_once: int = 0

    def __enter__(self) -> LoopbackNameServer:
        self._tcp = socket.create_server((self.address, 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((self.address, self.port))
        self._threads = [
            threading.Thread(target=serve, daemon=True)
            for serve in (self._serve_udp, self._serve_tcp)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", (self.address, self.port))
        for thread in self._threads:
            thread.join(5)
        self._udp.close()

    @property
    def place(self) -> str:
        """Return the server's address as written in settings."""
        return f"{self.address}:{self.port}"

    def _serve_udp(self) -> None:
        while True:
            data, client = self._udp.recvfrom(65_535)
            if not data:
                return
            response = self._respond(data)
            if response is not None and len(response) > LONGEST_UDP and self.cuts_udp:
                response = _cut(data)
            if response is not None:
                self._udp.sendto(response, client)

    def _serve_tcp(self) -> None:
        while True:
            try:
                sock, _ = self._tcp.accept()
            except OSError:
                return
            with suppress(OSError, struct.error), sock:
                self.over_tcp += 1
                (length,) = struct.unpack("!H", sock.recv(2))
                response = self._respond(sock.recv(length))
                if response is not None:
                    sock.sendall(struct.pack("!H", len(response)) + response)

    def _respond(self, data: bytes) -> bytes | None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(f"{name} {dns.rdatatype.to_text(question.rdtype)}")
        if self.reply is not None:
            return self.reply(query)
        return self.answer(query).to_wire(max_size=65_535)

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """Return the answer from the zone."""
        response = dns.message.make_response(query, recursion_available=True)
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        for _ in range(30):
            records = self._records(name)
            if records is None:
                response.set_rcode(dns.rcode.NXDOMAIN)
            values = [
                text.split(" ", 1)[1] for text in records or () if text.startswith(f"{kind} ")
            ]
            if values:
                response.answer.append(self._rrset(name, kind, *values))
                return response
            alias = next((text[6:] for text in records or () if text.startswith("CNAME ")), "")
            if not alias:
                response.authority.append(self._rrset("test", "SOA", SOA.format(ttl=self.ttl)))
                return response
            response.answer.append(self._rrset(name, "CNAME", f"{alias}."))
            if self.partial:
                return response
            name = alias
        return response

    def _records(self, name: str) -> list[str] | None:
        if name in self.zone:
            return self.zone[name]
        return self.zone.get(f"*.{name.partition('.')[2]}", self.zone.get("*"))

    def _rrset(self, name: str, kind: str, *values: str) -> dns.rrset.RRset:
        return dns.rrset.from_text(f"{name}.", self.ttl, "IN", kind, *values)


def _cut(data: bytes) -> bytes:
    response = dns.message.make_response(dns.message.from_wire(data))
    response.flags |= dns.flags.TC
    return response.to_wire()


def silent(query: dns.message.Message) -> None:
    """Send no response."""


def failing(code: dns.rcode.Rcode) -> Reply:
    """Return a SERVFAIL response."""

    def reply(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        response.set_rcode(code)
        return response.to_wire()

    return reply
