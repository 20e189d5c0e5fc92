"""End the supervised process groups if the supervisor was killed.

Reads `+GROUP` and `-GROUP` lines; when its input closes, it ends the remaining groups. Independent
of Django, and run as a file.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

# Seconds that a group has to end before it is killed.
GRACE = 6.0


class Guardian:
    """The supervisor's handle on the guardian process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  (this very file)
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        self._write_line(f"+{group}")

    def forget(self, group: int) -> None:
        self._write_line(f"-{group}")

    def close(self) -> None:
        """Close the guardian, which first ends the groups it still watches."""
        assert self._process.stdin is not None  # noqa: S101  (it was made with a pipe)
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _write_line(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101  (it was made with a pipe)
        with suppress(BrokenPipeError):
            print(line, file=self._process.stdin, flush=True)


def remaining_groups(lines: Iterable[str]) -> set[int]:
    """Return the groups that were added and not removed by the end of the input."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def end_groups(groups: set[int]) -> None:
    """Ask the leader of every group to end; kill the groups after the grace period."""
    for group in groups:
        _send(os.kill, group, signal.SIGTERM)
    give_up = time.monotonic() + GRACE
    while time.monotonic() < give_up and any(_send(os.killpg, group, 0) for group in groups):
        time.sleep(0.1)
    for group in groups:
        _send(os.killpg, group, signal.SIGKILL)


def _send(send: Callable[[int, int], None], target: int, number: int) -> bool:
    try:
        send(target, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end_groups(remaining_groups(sys.stdin))
