"""Slow down password guessing without locking out other users.

Failures are counted per account and address, and per address. After a few free ones, each failure
doubles the delay. Nothing is counted per account alone, because any stranger could then lock out
any user.
"""

import logging
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from scrapersky.tenants.models import LoginDelay, User
from scrapersky.web.client_address import address_group, client_address

logger = logging.getLogger(__name__)

Kind = LoginDelay.Kind
# Longer than the time after which failures are forgotten.
KEEP = timedelta(days=1)
LONGEST_NAME = 150


class DelayedBackend(ModelBackend):
    """Check passwords unless there were too many failures; every login uses this backend.

    A refused attempt sets `request.login_wait` in seconds, for LoginDelayMiddleware to respond.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if request is None or username is None or password is None:
            return super().authenticate(request, username, password, **kwargs)
        address = client_address(request)
        if wait := begin_attempt(username, address):
            request.login_wait = wait  # type: ignore[attr-defined]
            raise PermissionDenied
        user = super().authenticate(request, username, password) if is_name(username) else None
        if user is None:
            logger.info("login failed: account=%r address=%s", username[:LONGEST_NAME], address)
        else:
            attempt_succeeded(username, address)
        return user


def is_name(text: str) -> bool:
    """Return whether an account can have this name; others are not looked up."""
    return len(text) <= LONGEST_NAME and text.isprintable()


def begin_attempt(name: str, address: str) -> int:
    """Count an attempt as a failure until it succeeds; return the seconds to wait, or 0.

    It is counted before the password check, so that many simultaneous attempts cannot all pass
    before one fails. A refused attempt is not counted.
    """
    by_address = [(Kind.ADDRESS, "")]
    return _count([*by_address, (Kind.ACCOUNT, name)] if is_name(name) else by_address, address)


@transaction.atomic
def attempt_succeeded(name: str, address: str) -> None:
    """Undo the count of an attempt, and reset the account's failures at this address."""
    _locked(Kind.ADDRESS, "", address).uncount_failure()
    _locked(Kind.ACCOUNT, name, address).delete()


def count_wrong_token(request: HttpRequest) -> int:
    """Count an API call with a wrong token; return the seconds to wait if there were too many.

    Valid tokens are never delayed: they cannot be guessed, and a program with an old token must not
    block others at the same address.
    """
    return _count([(Kind.TOKEN, "")], client_address(request))


def delete_expired_logins() -> None:
    """Delete login delays without remembered failures, and expired sessions."""
    LoginDelay.objects.filter(last_failed_at__lt=timezone.now() - KEEP).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@transaction.atomic
def _count(keys: list[tuple[Kind, str]], address: str) -> int:
    """Count a failure for every key, or return the seconds to wait if any key is delayed."""
    now = timezone.now()
    rows = [_locked(kind, account, address) for kind, account in keys]
    wait = max(row.seconds_left(now) for row in rows)
    if not wait:
        for row in rows:
            row.count_failure(now)
    return wait


def _locked(kind: Kind, account: str, address: str) -> LoginDelay:
    """Lock and return a row; callers lock the address's row first."""
    rows = LoginDelay.objects.select_for_update(no_key=True)
    return rows.get_or_create(kind=kind, account=account, address=address_group(address))[0]
