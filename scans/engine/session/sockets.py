"""Sockets whose waits are all limited by the scan's budget."""

import functools
import socket
import ssl
from typing import Any

import certifi

from scans.engine.errors import FailureReason, ScanError
from scans.engine.session.budget import Budget

# Maximum addresses of a host to try before it counts as unreachable.
ADDRESSES_TRIED = 3


class _BudgetedReads:
    """Read within the budget, so that neither a dripping nor a silent server exceeds it."""

    budget: Budget | None = None
    read_timeout: float = 15.0

    def recv_into(self, *args: Any) -> int:
        """Receive like a socket; raise TimeoutError after `read_timeout` seconds without a byte."""
        receive = super().recv_into  # type: ignore[misc]
        if self.budget is None:
            return int(receive(*args))
        self.settimeout(min(self.budget.request_left(), self.read_timeout))  # type: ignore[attr-defined]
        try:
            count = int(receive(*args))
        except OSError:
            self.budget.request_left()  # raises if the scan or the request is over
            raise
        if not count:
            self.budget.check()
        return count


class BudgetedSocket(_BudgetedReads, socket.socket):
    """A TCP socket that reads within a budget."""


class BudgetedTLSSocket(_BudgetedReads, ssl.SSLSocket):
    """A TLS socket that reads within a budget."""


@functools.lru_cache(maxsize=8)
def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """Return the process's TLS context for a trust bundle; loading one takes 15 ms."""
    context = ssl.create_default_context(cafile=ca_file or certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = BudgetedTLSSocket
    return context


def dial(
    host: str, addresses: tuple[str, ...], port: int, timeout: float, budget: Budget
) -> tuple[BudgetedSocket, str]:
    """Connect to the first address that accepts; raise ScanError if none does within `timeout`."""
    failure = ScanError(FailureReason.CONNECTION_REFUSED)
    tried = addresses[:ADDRESSES_TRIED]
    for address in tried:
        try:
            share = min(timeout / len(tried), budget.request_left())
            return _connect(address, port, share, budget), address
        except OSError as error:
            failure = _unreachable(host, port, timeout, error)
    budget.check()
    raise failure


def _connect(address: str, port: int, timeout: float, budget: Budget) -> BudgetedSocket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = BudgetedSocket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout)
        budget.stop.watch(sock)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _unreachable(host: str, port: int, timeout: float, error: OSError) -> ScanError:
    if isinstance(error, TimeoutError):
        sentence = f"{host} did not accept a connection on port {port} within {timeout:g} s."
        return ScanError(FailureReason.CONNECTION_TIMEOUT, sentence)
    if isinstance(error, ConnectionRefusedError):
        sentence = f"{host} refuses connections on port {port}."
    else:
        sentence = f"{host} cannot be reached on port {port}: {error.strerror or error}."
    return ScanError(FailureReason.CONNECTION_REFUSED, sentence)
