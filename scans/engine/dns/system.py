"""Read this machine's hosts file and name servers."""

import ipaddress
import os
import threading
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from scans.engine.dns.servers import NameServer

HOSTS_FILE = "/etc/hosts"
RESOLV_CONF = "/etc/resolv.conf"
# Maximum number of name servers, as in the C library.
MAX_SERVERS = 3
LOOPBACK = ("127.0.0.1", "::1")

T = TypeVar("T")


class SystemServers(NamedTuple):
    """The machine's name servers, and its search domains for names without a dot."""

    servers: tuple[NameServer, ...]
    search: tuple[str, ...] = ()


class WatchedFile(Generic[T]):
    """The parsed content of a file, reread when the file changes."""

    def __init__(self, path: str, parse: Callable[[str], T]) -> None:
        self._path = path
        self._parse = parse
        self._lock = threading.Lock()
        self._read_version: object = None
        self._value: T | None = None

    def read(self) -> T:
        """Return the current content; a missing file is parsed as an empty one."""
        version = self._version()
        with self._lock:
            if self._value is None or version != self._read_version:
                self._value, self._read_version = self._parse(self._path), version
            return self._value

    def _version(self) -> object:
        try:
            status = os.stat(self._path)
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_size, status.st_ino


def read_hosts(path: str) -> dict[str, tuple[str, ...]]:
    """Parse a hosts file (hosts(5)) into name -> addresses, ignoring invalid lines."""
    hosts: dict[str, tuple[str, ...]] = {}
    for line in _lines(path):
        address, *names = line.partition("#")[0].split() or [""]
        if not _is_address(address):
            continue
        for name in names:
            key = name.lower().rstrip(".")
            hosts[key] = (*hosts.get(key, ()), address)
    return hosts


def read_servers(path: str) -> SystemServers:
    """Return the name servers in a resolv.conf(5), or this machine if there are none.

    Like the C library, it skips invalid lines and uses the last `search` or `domain` line.
    """
    servers: list[NameServer] = []
    search: tuple[str, ...] = ()
    for line in _lines(path):
        keyword, *values = line.split("#")[0].split(";")[0].split() or [""]
        if keyword == "nameserver" and values and _is_address(values[0]):
            servers.append(NameServer(values[0]))
        elif keyword in ("search", "domain"):
            names = (value.strip(".").lower() for value in values)
            search = tuple(name for name in names if name)
    return SystemServers(tuple(servers[:MAX_SERVERS]) or (NameServer(LOOPBACK[0]),), search)


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readlines()
    except OSError:
        return []


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
