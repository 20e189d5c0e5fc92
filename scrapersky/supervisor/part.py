"""One supervised part: a command, its process group, and its restart delay."""

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
# A part that ran this long starts again without delay.
SETTLED_AFTER = 60.0


class Part:
    """A command that should always run, in a process group that is ended as a whole.

    `sockets` are the file descriptors it inherits.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: dict[str, str],
        sockets: Sequence[int] = (),
        before_start: Callable[[], None] = lambda: None,
        may_start: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._env = env
        self._sockets = tuple(sockets)
        self._before_start = before_start
        self._may_start = may_start
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._delay = FIRST_DELAY

    @property
    def pid(self) -> int:
        """Return the id of the main process and its group; 0 if it is not running."""
        return self._process.pid if self._process else 0

    @property
    def age(self) -> float:
        """Return how many seconds the part has run."""
        return monotonic() - self._started_at

    def is_due(self) -> bool:
        """Return whether the part is down, its delay is over and nothing blocks it."""
        return self._process is None and monotonic() >= self._start_at and self._may_start()

    def start(self) -> None:
        self._before_start()
        self._process = subprocess.Popen(  # noqa: S603  (our own commands)
            self._command,
            env=self._env,
            pass_fds=self._sockets,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started_at = monotonic()

    def has_died(self) -> bool:
        """Return whether the main process has ended.

        It is not reaped yet, so that its id still identifies the group to be ended.
        """
        if self._process is None:
            return False
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, options) is not None

    def ask_to_end(self) -> None:
        """Signal only the main process: django-q2 hangs if its whole group gets the signal."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGTERM)

    def end(self) -> None:
        """Kill the rest of the group and delay the next start."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        if self.age > SETTLED_AFTER:
            self._delay = FIRST_DELAY
        self._start_at = monotonic() + self._delay
        self._delay = min(2 * self._delay, LONGEST_DELAY)
