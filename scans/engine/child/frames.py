"""Write the frames of a scanning process to its original stdout."""

import json
import os
import select
import threading
from typing import Any


class FrameWriter:
    """Write frames to the original stdout; stray prints go to stderr."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, kind: str, job: str, payload: dict[str, Any]) -> None:
        """Write one frame, blocking as long as the reader takes."""
        frame = _frame(kind, job, payload)
        with self._lock:
            self._write(frame)

    def send_if_free(self, kind: str, job: str, payload: dict[str, Any]) -> bool:
        """Write one short frame unless that would block; return whether it was written.

        A writable pipe accepts at least 4 KB at once (pipe(7)).
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            free = bool(select.select([], [self._fd], [], 0)[1])
            if free:
                self._write(_frame(kind, job, payload))
            return free
        finally:
            self._lock.release()

    def _write(self, frame: bytes) -> None:
        """Write all bytes; exit if nobody reads any more."""
        left = memoryview(frame)
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BrokenPipeError:
                os._exit(0)


def _frame(kind: str, job: str, payload: dict[str, Any]) -> bytes:
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    body = text.encode("utf-8", "replace")
    return b"%s %s %d\n%s" % (kind.encode(), job.encode(), len(body), body)
