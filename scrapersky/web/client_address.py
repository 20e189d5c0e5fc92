"""The address of a client, seen directly or reported by a proxy in TRUSTED_PROXIES."""

import ipaddress
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNKNOWN = "unknown"
FORWARDED = ("FOR", "PROTO", "HOST", "PORT")


class ForwardedHeadersMiddleware:
    """Drop the X-Forwarded headers of clients that bypass the proxy.

    Without TRUSTED_PROXIES, proxies cannot be recognised, and the headers are kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.TRUSTED_PROXIES and not is_trusted_proxy(peer_of(request)):
            for name in FORWARDED:
                request.META.pop(f"HTTP_X_FORWARDED_{name}", None)
        return self.get_response(request)


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address: the rightmost hop that is not a trusted proxy.

    The client may forge all hops to the left of it. If a hop is not an address, the address of the
    proxy that reported it is used.
    """
    address = peer_of(request)
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        reported = parse_address(hop)
        if reported is None or not is_trusted_proxy(address):
            break
        address = reported
    return str(address or UNKNOWN)


def peer_of(request: HttpRequest) -> Address | None:
    """Return the address at the other end of the connection."""
    return parse_address(request.META.get("REMOTE_ADDR", ""))


def address_group(address: str) -> str:
    """Return the range of addresses that one client can use: an IPv6 /64, or one IPv4 address."""
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed or UNKNOWN)


def is_trusted_proxy(address: Address | None) -> bool:
    return address is not None and any(address in network for network in _trusted_networks())


def parse_address(text: str) -> Address | None:
    """Parse an address, which proxies may write as `[v6]:port`, `v4:port` or `::ffff:v4`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _trusted_networks() -> tuple[Network, ...]:
    return _parsed(tuple(settings.TRUSTED_PROXIES))


@lru_cache(maxsize=8)
def _parsed(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(network) for network in networks)
