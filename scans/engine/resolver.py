"""Where a host is: the system's name servers, or an injected map of hosts."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from scans.engine.errors import FailureReason, ScanError
from scans.engine.session.budget import SLICE, Budget

# Threads that may wait for the system's resolver; a silent one holds each for many seconds.
LOOKUPS_AT_ONCE = 128

# What has the signature of socket.getaddrinfo.
LookUp = Callable[..., list[Any]]

MAPPED_TO_NOTHING = "nxdomain"


class Resolver(Protocol):
    """What turns a host name into addresses."""

    def resolve(self, host: str, budget: Budget, timeout: float) -> tuple[str, ...]:
        """Return every address of a host, IPv4 first; raise ScanError where there is none."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect for a host: addresses in the order to try them, and the port."""

    addresses: tuple[str, ...]
    port: int
    # Whether the map named it.
    mapped: bool = False


class SystemResolver:
    """Ask the system's resolver, from a thread that can be left behind.

    getaddrinfo has no time-out of its own: with silent name servers it returns after 20 seconds.
    """

    def __init__(self, look_up: LookUp = socket.getaddrinfo) -> None:
        self._look_up = look_up
        self._slots = threading.BoundedSemaphore(LOOKUPS_AT_ONCE)

    def resolve(self, host: str, budget: Budget, timeout: float) -> tuple[str, ...]:
        """Return every address of a host, IPv4 first; raise ScanError where there is none."""
        give_up = time.monotonic() + timeout
        while not self._slots.acquire(timeout=SLICE):
            _keep_waiting(host, budget, give_up)
        lookup = _Lookup(host)
        threading.Thread(target=self._run, args=(lookup,), name="dns", daemon=True).start()
        while not lookup.done.wait(SLICE):
            _keep_waiting(host, budget, give_up)
        if lookup.error is not None:
            raise lookup.error
        return lookup.addresses

    def _run(self, lookup: "_Lookup") -> None:
        try:
            lookup.answer(self._look_up(lookup.host, None, type=socket.SOCK_STREAM))
        except socket.gaierror as error:
            lookup.error = _not_found(lookup.host, error)
        except (UnicodeError, OSError) as error:
            sentence = f"{lookup.host[:80]} cannot be looked up ({type(error).__name__})."
            lookup.error = ScanError(FailureReason.DNS_NOT_FOUND, sentence)
        finally:
            self._slots.release()
            lookup.done.set()


class _Lookup:
    """One call of getaddrinfo and what came of it."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.done = threading.Event()
        self.addresses: tuple[str, ...] = ()
        self.error: ScanError | None = None

    def answer(self, found: list[Any]) -> None:
        """Keep each address once, the IPv4 ones first: many hosts' IPv6 is broken."""
        texts = dict.fromkeys(str(entry[4][0]) for entry in found)
        self.addresses = tuple(sorted(texts, key=lambda text: ":" in text))


def _keep_waiting(host: str, budget: Budget, give_up: float) -> None:
    budget.check()
    if time.monotonic() >= give_up:
        sentence = f"The name servers of {host} did not answer in time."
        raise ScanError(FailureReason.DNS_NOT_FOUND, sentence)


def _not_found(host: str, error: socket.gaierror) -> ScanError:
    if error.errno == socket.EAI_AGAIN:
        sentence = f"The name servers of {host} could not answer."
    else:
        sentence = f"{host} does not resolve to an address."
    return ScanError(FailureReason.DNS_NOT_FOUND, sentence)


SYSTEM_RESOLVER = SystemResolver()


class Directory:
    """Find the target of a host: from the map where it is named there, else from the resolver.

    It lives as long as a scan and asks the resolver once a host.
    """

    def __init__(
        self, host_map: tuple[tuple[str, str], ...], resolver: Resolver = SYSTEM_RESOLVER
    ) -> None:
        self._exact = {pattern: value for pattern, value in host_map if pattern[:2] != "*."}
        wildcards = [(pattern[1:], value) for pattern, value in host_map if pattern[:2] == "*."]
        self._suffixes = sorted(wildcards, key=lambda item: -len(item[0]))
        self._resolver = resolver
        self._answers: dict[str, tuple[str, ...]] = {}

    def locate(self, scheme: str, host: str, port: int, budget: Budget, timeout: float) -> Target:
        """Return where to connect; raise ScanError where the host is not found or refuses."""
        literal = _ip_literal(host)
        if literal:
            return Target((literal,), port)
        mapped = self._mapped(host)
        if mapped:
            return _mapped_target(mapped, scheme, host)
        if host not in self._answers:
            self._answers[host] = self._resolver.resolve(host, budget, timeout)
        return Target(self._answers[host], port)

    def _mapped(self, host: str) -> str:
        if host in self._exact:
            return self._exact[host]
        parents = host.split(".")
        for start in range(1, len(parents)):  # nothing exists below a name that does not (RFC 8020)
            if self._exact.get(".".join(parents[start:])) == MAPPED_TO_NOTHING:
                return MAPPED_TO_NOTHING
        return next((value for suffix, value in self._suffixes if host.endswith(suffix)), "")


def _ip_literal(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return ""


def _mapped_target(mapped: str, scheme: str, host: str) -> Target:
    """Read `ip:http_port` or `ip:http_port:https_port`; a port of 0 or none at all refuses."""
    if mapped == MAPPED_TO_NOTHING:
        sentence = f"{host} does not resolve to an address."
        raise ScanError(FailureReason.DNS_NOT_FOUND, sentence)
    address, ports = _split_mapped(mapped)
    port = ports[1] if scheme == "https" else ports[0]
    if port == 0:
        sentence = f"{host} refuses {scheme} connections."
        raise ScanError(FailureReason.CONNECTION_REFUSED, sentence)
    return Target((address,), port, mapped=True)


def _split_mapped(mapped: str) -> tuple[str, tuple[int, int]]:
    if mapped.startswith("["):
        address, _, rest = mapped[1:].partition("]:")
    else:
        address, _, rest = mapped.partition(":")
    http_port, _, https_port = rest.partition(":")
    return address, (int(http_port or 0), int(https_port or 0))
