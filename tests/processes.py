"""Watch real processes: wait for conditions, find what a test left running."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
MARK = "SCRAPERSKY_TEST_MARK"


def eventually(condition: Callable[[], T], *, within: float = 30.0) -> T:
    """Return the first true answer of a condition; fail where none comes in time."""
    give_up = time.monotonic() + within
    while not (answer := condition()):
        assert time.monotonic() < give_up, f"not within {within:g} s: {condition}"
        time.sleep(0.02)
    return answer


def marked(mark: str) -> dict[int, str]:
    """Return the commands, by process id, of the running processes whose environment has a mark."""
    wanted = f"{MARK}={mark}".encode()
    commands = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and folder.name != str(os.getpid()):
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    commands[int(folder.name)] = (folder / "cmdline").read_bytes().decode()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
    return {pid: command.replace("\0", " ") for pid, command in commands.items() if command}


def is_running(pid: int) -> bool:
    """Return whether a process runs; one that has ended and is not yet reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
