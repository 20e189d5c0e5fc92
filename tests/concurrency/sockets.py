"""Find the process behind a connection, so that a site can kill its client."""

import os
from pathlib import Path

from tests.processes import marked


def process_at(port: int, mark: str) -> int:
    """Return the marked process that has a TCP connection from a local port."""
    wanted = f"socket:[{inode_at(port)}]"
    for pid in marked(mark):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if os.readlink(descriptor) == wanted:
                    return pid
            except FileNotFoundError:
                continue
    raise LookupError(f"No process has a connection from port {port}.")


def inode_at(port: int) -> str:
    """Return the inode of the socket with a local port on IPv4 loopback (proc(5))."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == f"0100007F:{port:04X}" and fields[9] != "0":
            return fields[9]
    raise LookupError(f"No socket is at port {port}.")
