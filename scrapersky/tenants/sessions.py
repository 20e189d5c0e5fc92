"""The sessions of an account: where it is logged in, and how to log it out elsewhere.

This session engine extends Django's: it also records a session's user, and where it is used.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from scrapersky.tenants.models import User, UserSession
from scrapersky.web.session_lifetime import STARTED_AT, renew
from scrapersky.web.text import sanitize

USER_AGENT_LENGTH = 300


class SessionStore(DatabaseStore):
    """Database sessions; those of logged-in users are listed on the account page.

    The middleware sets `used_by` to the user agent and address of the current request.
    """

    used_by: tuple[str, str] | None = None

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        data: dict[str, Any] = getattr(self, "_session_cache", {})
        if SESSION_KEY in data and STARTED_AT not in data:
            renew(self, timezone.now())
        with transaction.atomic():
            super().save(must_create)
            if SESSION_KEY in data:
                self._list(data)

    def _list(self, data: dict[str, Any]) -> None:
        values: dict[str, Any] = {"user_id": data[SESSION_KEY], "last_seen_at": timezone.now()}
        if self.used_by is not None:
            user_agent, address = self.used_by
            values |= {"user_agent": sanitize(user_agent)[:USER_AGENT_LENGTH], "address": address}
        key = str(self.session_key)
        if UserSession.objects.filter(session=key).update(**values):
            return
        # The account may have been deleted.
        if User.objects.filter(pk=data[SESSION_KEY]).exists():
            started = datetime.fromisoformat(data[STARTED_AT])
            UserSession.objects.create(session_id=key, created_at=started, **values)


def open_sessions(user: User) -> list[UserSession]:
    """Return the sessions in which a user is logged in, most recently used first.

    Sessions from before a password change outside of the console are no longer valid.
    """
    rows = UserSession.objects.filter(user=user, session__expire_date__gt=timezone.now())
    password = user.get_session_auth_hash()
    return [
        row
        for row in rows.select_related("session").order_by("-last_seen_at")
        if row.session.get_decoded().get(HASH_SESSION_KEY) == password
    ]


def end_sessions(rows: QuerySet[UserSession]) -> int:
    """Log sessions out; return how many."""
    return Session.objects.filter(listing__in=rows).delete()[1].get("sessions.Session", 0)


def end_other_sessions(user: User, *, keep: str | None) -> int:
    """Log a user out everywhere except in the session with this key; return how many."""
    return end_sessions(UserSession.objects.filter(user=user).exclude(session=keep or ""))
