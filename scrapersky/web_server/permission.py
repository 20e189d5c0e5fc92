"""Decide, outside of the loop that reads requests, whether a client may upload."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue

from django.db import close_old_connections

logger = logging.getLogger(__name__)

# Whether a client with these headers (in waitress's naming) may upload to a path.
MayUpload = Callable[[str, Mapping[str, str]], bool]
GRANTED = 0


@dataclass(frozen=True)
class Question:
    """A request for permission to upload; `decided` is called with GRANTED or an error status."""

    path: str
    headers: Mapping[str, str]
    is_open: Callable[[], bool]
    decided: Callable[[int], None]


class PermissionThread:
    """A single thread that answers one question after another.

    It keeps clients with made-up sessions from occupying the threads that serve pages; each answer
    takes one or two lookups by key.
    """

    def __init__(self, may_upload: MayUpload) -> None:
        self._may_upload = may_upload
        self._questions: SimpleQueue[Question] = SimpleQueue()
        threading.Thread(target=self._run, name="upload-permission", daemon=True).start()

    def ask(self, question: Question) -> None:
        """Queue a question, to be answered unless its client is gone by then."""
        self._questions.put(question)

    def _run(self) -> None:
        while True:
            question = self._questions.get()
            if question.is_open():
                question.decided(self._status(question))

    def _status(self, question: Question) -> int:
        close_old_connections()
        try:
            return GRANTED if self._may_upload(question.path, question.headers) else 413
        except Exception:  # a question ends here, so that the thread continues
            logger.exception("Cannot find out whether %r may be uploaded to.", question.path)
            return 503
        finally:
            close_old_connections()
