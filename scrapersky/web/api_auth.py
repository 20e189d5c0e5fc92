"""Authenticate API calls by a bearer token or a console session.

Either way, methods that change something require a role that may write, without any code in the
operations.
"""

from typing import cast

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from scrapersky.tenants.login_delays import count_wrong_token
from scrapersky.tenants.models import User
from scrapersky.tenants.tokens import usable_token
from scrapersky.web.access import check_method
from scrapersky.web.api_errors import TooManyAttemptsError


class TokenAuth(HttpBearer):
    """A bearer token, as created by `manage.py create_token USER`; too many wrong ones get 429."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        row = usable_token(token)
        if row is not None:
            request.user = row.user
            request.token_name = row.name  # type: ignore[attr-defined]
            check_method(request)
        elif wait := count_wrong_token(request):
            raise TooManyAttemptsError(wait)
        return row.user if row else None


class ConsoleSession(SessionAuth):
    """A console session; calls that change something need the CSRF token."""

    def _get_key(self, request: HttpRequest) -> str | None:
        # Callers without a session get 401 rather than an error about a missing CSRF token.
        return super()._get_key(request) if request.user.is_authenticated else None

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        user: User | None = super().authenticate(request, key)
        if user is not None:
            check_method(request)
        return user


def caller(request: HttpRequest) -> User:
    """Return the user of an authenticated call."""
    return cast(User, request.user)


def token_name(request: HttpRequest) -> str:
    """Return the name of the token used for a call; empty for a session."""
    return getattr(request, "token_name", "")
