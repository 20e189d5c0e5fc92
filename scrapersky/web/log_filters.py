"""What is left out of the log."""

import logging

from django.core.exceptions import PermissionDenied


class WithoutDenialTraceback(logging.Filter):
    """Log a refused request in one line: it is no fault of the code."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = None
        return True
