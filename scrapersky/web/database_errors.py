"""Distinguish a busy database from an unavailable one, and inform users."""

import random
import sys
import time
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 3
# Maximum seconds between attempts.
PAUSE = 0.2
# Seconds after which a client should try again.
RETRY_AFTER = "5"
# deadlock_detected, lock_not_available, serialization_failure
# https://www.postgresql.org/docs/current/errcodes-appendix.html
CONFLICTS = frozenset({"40P01", "55P03", "40001"})
# foreign_key_violation: another transaction deleted a row before a reference to it was committed
MISSED_ROW = "23503"
# query_canceled: a statement timeout
TOO_SLOW = "57014"
# SQLITE_BUSY and SQLITE_LOCKED, without extended code bits
SQLITE_CONFLICTS = frozenset({5, 6})


def is_conflict(error: BaseException) -> bool:
    """Return whether a statement failed only because of a concurrent transaction."""
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in SQLITE_CONFLICTS
    return _sqlstate(error) in CONFLICTS


def _sqlstate(error: BaseException) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def message_of(error: BaseException) -> str:
    """Return the message for a request that failed because of the database."""
    if is_conflict(error):
        return "The database is busy with other changes. Try again in a few seconds."
    if _sqlstate(error) == TOO_SLOW:
        return "The database took too long. Narrow the request, or try again later."
    return "The database does not respond. Try again in a moment."


def retry_on_conflict(function: Callable[P, R]) -> Callable[P, R]:
    """Retry a function, up to three attempts in total, if it conflicts with another transaction.

    A conflict is a deadlock, a lock time-out, or a referenced row deleted concurrently.

    The function must have no effects outside of a single transaction of its own. Inside a caller's
    transaction, which has failed as a whole, and on SQLite, which has already waited for its busy
    timeout, the error is raised immediately.
    """

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        may_repeat = not connection.in_atomic_block and connection.vendor == "postgresql"
        for _ in range(ATTEMPTS - 1 if may_repeat else 0):
            try:
                return function(*args, **kwargs)
            except (OperationalError, IntegrityError) as error:
                if not is_conflict(error) and _sqlstate(error) != MISSED_ROW:
                    raise
            time.sleep(random.uniform(0, PAUSE))  # noqa: S311 (not a secret)
        return function(*args, **kwargs)

    return wrapped


def error_page(request: HttpRequest) -> HttpResponse:
    """Return the page of an unhandled exception: 503 if the database caused it, else 500."""
    error = sys.exception()
    if not isinstance(error, OperationalError | InterfaceError):
        return server_error(request)
    body = render_to_string("503.html", {"message": message_of(error)})
    response = HttpResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = RETRY_AFTER
    return response
