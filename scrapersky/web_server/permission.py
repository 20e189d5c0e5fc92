"""Ask, outside of the loop that reads requests, whether a client may upload."""

import logging
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue

from django.db import close_old_connections

logger = logging.getLogger(__name__)

# Whether a client with these headers (as waitress names them) may upload to a path.
MayUpload = Callable[[str, Mapping[str, str]], bool]
Decided = Callable[[int], None]
GRANTED = 0


class PermissionThread:
    """One thread that answers one question after another.

    A single one, so that clients who ask for permission with made-up sessions hold none of the
    threads that serve pages; each answer is a lookup or two by key.
    """

    def __init__(self, may_upload: MayUpload) -> None:
        self._may_upload = may_upload
        self._questions: SimpleQueue[tuple[str, Mapping[str, str], Decided]] = SimpleQueue()
        threading.Thread(target=self._run, name="upload-permission", daemon=True).start()

    def ask(self, path: str, headers: Mapping[str, str], decided: Decided) -> None:
        """Call `decided` with GRANTED or with the status of the refusal, in the other thread."""
        self._questions.put((path, headers, decided))

    def _run(self) -> None:
        while True:
            path, headers, decided = self._questions.get()
            decided(self._status(path, headers))

    def _status(self, path: str, headers: Mapping[str, str]) -> int:
        close_old_connections()
        try:
            return GRANTED if self._may_upload(path, headers) else 413
        except Exception:  # a question ends here, and the thread answers the next one
            logger.exception("Whether an upload to %r is permitted could not be found out.", path)
            return 503
        finally:
            close_old_connections()
