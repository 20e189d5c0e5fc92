"""Who calls the API: a program with a bearer token, or a person logged in to the console.

Either way, a method that changes something takes a role that may write; no operation asks for it.
"""

from typing import cast

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from scrapersky.tenants.login_delays import count_wrong_token
from scrapersky.tenants.models import User
from scrapersky.tenants.tokens import user_of_token
from scrapersky.web.access import check_method
from scrapersky.web.api_errors import TooManyAttemptsError


class TokenAuth(HttpBearer):
    """A token made by `manage.py create_token USER`; too many wrong ones are answered by 429."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        user = user_of_token(token)
        if user is not None:
            request.user = user
            check_method(request)
        elif wait := count_wrong_token(request):
            raise TooManyAttemptsError(wait)
        return user


class ConsoleSession(SessionAuth):
    """A console session; its calls that change something need the CSRF token."""

    def _get_key(self, request: HttpRequest) -> str | None:
        # A caller without a session is told to log in (401), not that a CSRF token is missing.
        return super()._get_key(request) if request.user.is_authenticated else None

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        user: User | None = super().authenticate(request, key)
        if user is not None:
            check_method(request)
        return user


def caller(request: HttpRequest) -> User:
    """Return the user on whose behalf an authenticated call is made."""
    return cast(User, request.user)
