"""Watch real processes: wait for conditions, and find processes left by tests."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
MARK = "SCRAPERSKY_TEST_MARK"


def eventually(condition: Callable[[], T], *, within: float = 30.0) -> T:
    """Return the first true result of a condition; fail if there is none in time."""
    give_up = time.monotonic() + within
    while not (answer := condition()):
        assert time.monotonic() < give_up, f"not within {within:g} s: {condition}"
        time.sleep(0.02)
    return answer


def marked(mark: str) -> dict[int, str]:
    """Return pid -> command of running processes with a mark in their environment."""
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
    """Return whether a process runs; zombies do not count."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
