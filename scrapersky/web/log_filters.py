"""Log filters."""

import logging

from django.core.exceptions import PermissionDenied


class WithoutDenialTraceback(logging.Filter):
    """Log a refused request in one line, as it is not a bug."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = None
        return True
