"""Parse name servers as written in the settings."""

import ipaddress
from typing import NamedTuple

DNS_PORT = 53


class NameServer(NamedTuple):
    """Where to send questions."""

    address: str
    port: int = DNS_PORT

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else ":".join(map(str, self))


def parse_server(text: str) -> NameServer:
    """Read `address`, `address:port` or `[v6]:port`; raise ValueError for anything else."""
    address, port = text.strip(), ""
    if address.startswith("["):
        address, _, rest = address[1:].partition("]")
        port = rest.removeprefix(":")
    elif address.count(":") == 1:
        address, _, port = address.partition(":")
    ipaddress.ip_address(address.partition("%")[0])
    number = int(port) if port else DNS_PORT
    if not 0 < number < 65_536:
        raise ValueError(f"{port} is not a port")
    return NameServer(address, number)
