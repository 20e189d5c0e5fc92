"""The log format, in which hostile text can neither control the terminal nor forge a line.

Independent of Django, because the scan engine's processes log too.
"""

import copy
import logging
from typing import Any

from scrapersky.web.text import printable, printable_lines

LINE = "{asctime} {levelname} {name} {message}"


class LineFormatter(logging.Formatter):
    """Format a record as one line with control characters escaped, followed by indented tracebacks.

    Messages often quote input from sites or clients, such as ANSI escapes in a header or a line end
    in a user name. Traceback lines are indented because exceptions may quote such input too.
    """

    def __init__(self) -> None:
        super().__init__(LINE, style="{")

    def format(self, record: logging.LogRecord) -> str:
        fresh = copy.copy(record)
        fresh.exc_text = None  # another handler may have cached an unescaped one
        return super().format(fresh)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 (logging's name)
        return _indented(super().formatStack(stack_info))


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Log to stderr, for processes without Django's settings."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in printable_lines(text).split("\n"))
