"""Limit how long a login lasts: by idle time and by total age."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from scrapersky.web.client_address import client_address

STARTED_AT = "started_at"
# Maximum staleness of a session's stored expiry, so that not every request writes a row.
RENEW_EVERY = timedelta(minutes=5)


class SessionLifetimeMiddleware:
    """End sessions that are too old, and extend those in use.

    The end is stored as the session's expiry, so it applies wherever a session is loaded.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        if not is_session_key(request.session.session_key or "0"):
            request.session = type(request.session)()
        used_by = request.headers.get("User-Agent", ""), client_address(request)
        request.session.used_by = used_by  # type: ignore[attr-defined]  # of our session engine
        if is_logged_in(request.session) and ends_at_latest(request.session, now) <= now:
            logout(request)
        response = self.get_response(request)
        if is_logged_in(request.session) and not is_refresh(request):
            renew(request.session, now)
        return response


def is_session_key(text: str) -> bool:
    """Return whether a cookie can be a session key; others, as with NUL, fail on PostgreSQL."""
    return text.isascii() and text.isalnum()


def is_logged_in(session: SessionBase) -> bool:
    return SESSION_KEY in session


def is_refresh(request: HttpRequest) -> bool:
    """Return whether the request is an automatic update, which must not extend a session."""
    return request.method == "GET" and request.headers.get("HX-Request") == "true"


def ends_at_latest(session: SessionBase, now: datetime) -> datetime:
    """Return when a session ends regardless of use."""
    started = session.get(STARTED_AT)
    since = datetime.fromisoformat(started) if started else now
    return since + timedelta(seconds=settings.SESSION_MAX_AGE)


def renew(session: SessionBase, now: datetime) -> None:
    """Extend a session by one idle period from now, within its maximum age."""
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    end = min(now + idle, ends_at_latest(session, now))
    if STARTED_AT not in session:
        session[STARTED_AT] = now.isoformat()
        session.set_expiry(end)
    elif end - session.get_expiry_date() > min(RENEW_EVERY, idle / 10):
        session.set_expiry(end)
