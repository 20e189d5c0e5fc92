"""Limit how many sites at one address are scanned at the same time."""

import ipaddress
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.conf import settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_LIMIT = 8
# For front ends: one address that serves thousands of customers' sites from many machines.
FRONT_END_LIMIT = 64
FRONT_ENDS = Path(__file__).parent / "front_ends.toml"


class AddressLimits:
    """The addresses of the sites being scanned; a site counts at each of its addresses."""

    def __init__(self) -> None:
        self._sites: Counter[str] = Counter()
        self._addresses_of: dict[str, tuple[str, ...]] = {}
        self._limits: dict[str, float] = {}

    def take(self, key: str, addresses: Iterable[str]) -> bool:
        """Count a site (a job's key) at its addresses; return False if one is full."""
        if key in self._addresses_of:
            return True
        unique = tuple(set(addresses))
        if any(self._sites[address] >= self._limit(address) for address in unique):
            return False
        self._sites.update(unique)
        self._addresses_of[key] = unique
        return True

    def release(self, key: str) -> bool:
        """Stop counting a site; return whether it was counted."""
        addresses = self._addresses_of.pop(key, ())
        for address in addresses:
            self._sites[address] -= 1
            if not self._sites[address]:
                del self._sites[address], self._limits[address]
        return bool(addresses)

    def _limit(self, address: str) -> float:
        if address not in self._limits:
            self._limits[address] = limit_of(address)
        return self._limits[address]


def limit_of(text: str) -> float:
    """Return how many sites at an address may be scanned at the same time.

    Networks that the operator allows are their own and limited only if the operator says so.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    configured = settings.SCAN_MAX_PER_ADDRESS
    if configured is None and _is_in(address, _own_networks()):
        return float("inf")
    limit = DEFAULT_LIMIT if configured is None else configured
    return max(limit, FRONT_END_LIMIT) if _is_in(address, _front_ends()) else limit


def _own_networks() -> list[Network]:
    own = (*settings.SCAN_ALLOWED_NETWORKS, *settings.SCAN_MAPPED_NETWORKS)
    return [ipaddress.ip_network(text) for text in own]


@cache
def _front_ends() -> list[Network]:
    providers = tomllib.loads(FRONT_ENDS.read_text())["provider"]
    return [ipaddress.ip_network(text) for row in providers for text in row["networks"]]


def _is_in(address: ipaddress.IPv4Address | ipaddress.IPv6Address, networks: list[Network]) -> bool:
    return any(address in network for network in networks)
