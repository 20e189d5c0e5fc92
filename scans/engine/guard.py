"""Which addresses a scan may connect to."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES

from scans.engine.errors import FailureReason, ScanError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

BLOCKED_NETWORKS: tuple[Network, ...] = (
    *EXTRA_BLOCKED_NET_RANGES,
    # Networks that requests-hardened and the `ipaddress` module consider public.
    ipaddress.ip_network("fec0::/10"),  # site-local, deprecated but routed inside some networks
    ipaddress.ip_network("::/96"),  # IPv4-compatible
    ipaddress.ip_network("::ffff:0:0:0/96"),  # IPv4-translated
    ipaddress.ip_network("2001::/32"),  # Teredo
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's host agent
)


class AddressGuard:
    """Reject private, reserved and metadata addresses, except in the allowed networks."""

    def __init__(self, allowed_networks: Iterable[str] = ()) -> None:
        self._allowed = tuple(ipaddress.ip_network(text, strict=False) for text in allowed_networks)

    def check(self, host: str, addresses: Iterable[str]) -> None:
        """Raise ScanError unless every address of a host may be connected to.

        A host with both public and private addresses is rejected entirely, because an attacker
        decides which one a later lookup returns first.
        """
        for text in addresses:
            if not self.allows(text):
                raise ScanError(
                    FailureReason.BLOCKED_ADDRESS,
                    _sentence(host, text),
                    private_address=text.partition("%")[0],
                )

    def allows(self, text: str) -> bool:
        """Return whether an address may be connected to."""
        address = _effective(text)
        return any(address in network for network in self._allowed) or _is_public(address)


def _sentence(host: str, address: str) -> str:
    """Explain that an address is private, without revealing an internal name server's answer."""
    subject = f"{address} is" if host == address else f"{host} has"
    return (
        f"{subject} a private or reserved address. To scan it, add its network to"
        " SCAN_ALLOWED_NETWORKS."
    )


def _effective(text: str) -> Address:
    """Return the address that a connection would reach, unwrapping IPv4-mapped ones."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def _is_public(address: Address) -> bool:
    reserved = address.is_private or address.is_multicast or address.is_reserved
    special = address.is_loopback or address.is_link_local or address.is_unspecified
    if reserved or special or not address.is_global:
        return False
    return not any(address in network for network in BLOCKED_NETWORKS)
