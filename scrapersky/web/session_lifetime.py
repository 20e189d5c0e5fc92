"""How long a login lasts: until it was idle for too long, and never beyond its longest age."""

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
# How stale the stored end of a session may get: not every request writes a row.
RENEW_EVERY = timedelta(minutes=5)


class SessionLifetimeMiddleware:
    """End sessions that are too old, and move the end of those in use.

    The end is stored as the session's expiry, so it holds wherever a session is loaded.
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
    """Whether a cookie can name a session; PostgreSQL fails on others, such as one with NUL."""
    return text.isascii() and text.isalnum()


def is_logged_in(session: SessionBase) -> bool:
    return SESSION_KEY in session


def is_refresh(request: HttpRequest) -> bool:
    """Whether an open page asked by itself; that must not keep a session alive."""
    return request.method == "GET" and request.headers.get("HX-Request") == "true"


def ends_at_latest(session: SessionBase, now: datetime) -> datetime:
    """Return when a session ends however much it is used."""
    started = session.get(STARTED_AT)
    since = datetime.fromisoformat(started) if started else now
    return since + timedelta(seconds=settings.SESSION_MAX_AGE)


def renew(session: SessionBase, now: datetime) -> None:
    """Move the end of a session to one idle period from now, within its longest age."""
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    end = min(now + idle, ends_at_latest(session, now))
    if STARTED_AT not in session:
        session[STARTED_AT] = now.isoformat()
        session.set_expiry(end)
    elif end - session.get_expiry_date() > min(RENEW_EVERY, idle / 10):
        session.set_expiry(end)
