"""The one log format: hostile text can neither steer the terminal nor forge a line.

Without Django, because the scan engine's processes log too.
"""

import copy
import logging
from typing import Any

from scrapersky.web.text import printable, printable_lines

LINE = "{asctime} {levelname} {name} {message}"


class LineFormatter(logging.Formatter):
    """Write a record as one line with control characters escaped; tracebacks follow, indented.

    A message often quotes what a site or a client sent: a header with ANSI escapes, a user name
    with a line end. The lines of a traceback are indented, because an exception may quote it too.
    """

    def __init__(self) -> None:
        super().__init__(LINE, style="{")

    def format(self, record: logging.LogRecord) -> str:
        fresh = copy.copy(record)
        fresh.exc_text = None  # another handler may have cached it unescaped
        return super().format(fresh)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 (logging's name)
        return _indented(super().formatStack(stack_info))


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Send this process's log to stderr, for processes without Django's settings."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in printable_lines(text).split("\n"))
