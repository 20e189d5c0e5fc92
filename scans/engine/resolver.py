"""Locate a host by an injected map or else by DNS."""

import ipaddress
from dataclasses import dataclass
from typing import Protocol

from scans.engine.errors import FailureReason, ScanError
from scans.engine.session.budget import Budget

# Lookup failures that are final for the rest of the scan.
_LASTING = frozenset({FailureReason.DNS_NOT_FOUND, FailureReason.DNS_ERROR})

MAPPED_TO_NOTHING = "nxdomain"


class Resolver(Protocol):
    """Resolve a host name to addresses."""

    def resolve(self, host: str, budget: Budget, timeout: float) -> tuple[str, ...]:
        """Return every address of a host, IPv4 first; raise ScanError if it has none."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect for a host: the addresses to try, in order, and the port."""

    addresses: tuple[str, ...]
    port: int
    # Whether the host map names it.
    mapped: bool = False


class Directory:
    """Find the target of a host in the map or else through the resolver.

    It lives for one scan and asks the resolver once per host.
    """

    def __init__(self, host_map: tuple[tuple[str, str], ...], resolver: Resolver) -> None:
        self._exact = {pattern: value for pattern, value in host_map if pattern[:2] != "*."}
        wildcards = [(pattern[1:], value) for pattern, value in host_map if pattern[:2] == "*."]
        self._suffixes = sorted(wildcards, key=lambda item: -len(item[0]))
        self._resolver = resolver
        self._answers: dict[str, tuple[str, ...] | ScanError] = {}

    def locate(self, scheme: str, host: str, port: int, budget: Budget, timeout: float) -> Target:
        """Return where to connect; raise ScanError if the host is not found or refuses."""
        literal = _ip_literal(host)
        if literal:
            return Target((literal,), port)
        mapped = self._mapped(host)
        if mapped:
            return _mapped_target(mapped, scheme, host)
        return Target(self._resolved(host, budget, timeout), port)

    def _resolved(self, host: str, budget: Budget, timeout: float) -> tuple[str, ...]:
        """Resolve only once: a host that failed for https would also fail for http."""
        if host not in self._answers:
            try:
                self._answers[host] = self._resolver.resolve(host, budget, timeout)
            except ScanError as error:
                if error.reason not in _LASTING:
                    raise
                self._answers[host] = error
        answer = self._answers[host]
        if isinstance(answer, ScanError):
            raise answer
        return answer

    def _mapped(self, host: str) -> str:
        if host in self._exact:
            return self._exact[host]
        parents = host.split(".")
        for start in range(1, len(parents)):  # nothing exists below a missing name (RFC 8020)
            if self._exact.get(".".join(parents[start:])) == MAPPED_TO_NOTHING:
                return MAPPED_TO_NOTHING
        return next((value for suffix, value in self._suffixes if host.endswith(suffix)), "")


def _ip_literal(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return ""


def _mapped_target(mapped: str, scheme: str, host: str) -> Target:
    """Read `ip:http_port` or `ip:http_port:https_port`; a port that is 0 or missing refuses."""
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
