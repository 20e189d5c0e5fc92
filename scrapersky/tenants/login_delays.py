"""Slow down password guessing without locking other users out.

Failures count for an account together with the address they came from, and for the address alone.
Beyond a free number each failure doubles the wait. Nothing counts for an account alone: any
stranger could then lock any user out.
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
# Longer than any row takes to forget its failures.
KEEP = timedelta(days=1)
LONGEST_NAME = 150


class DelayedBackend(ModelBackend):
    """Check passwords unless there were too many failures; every login passes here.

    A refused attempt leaves `login_wait`, in seconds, on the request, and LoginDelayMiddleware
    answers it.
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
    """Whether an account can have this name; others are not looked up."""
    return len(text) <= LONGEST_NAME and text.isprintable()


def begin_attempt(name: str, address: str) -> int:
    """Count an attempt as a failure until it succeeds; return the seconds to wait, or 0.

    It counts before the password is checked, so that many attempts at once do not all pass before
    one has failed. An attempt that has to wait does not count.
    """
    by_address = [(Kind.ADDRESS, "")]
    return _count([*by_address, (Kind.ACCOUNT, name)] if is_name(name) else by_address, address)


@transaction.atomic
def attempt_succeeded(name: str, address: str) -> None:
    """Uncount an attempt, and reset the account's failures at its address."""
    _locked(Kind.ADDRESS, "", address).uncount_failure()
    _locked(Kind.ACCOUNT, name, address).delete()


def count_wrong_token(request: HttpRequest) -> int:
    """Count an API call with a wrong token; return the seconds to wait where there were too many.

    Valid tokens never wait: they cannot be guessed, and one program with an old token must not
    stop the others at its address.
    """
    return _count([(Kind.TOKEN, "")], client_address(request))


def delete_expired_logins() -> None:
    """Delete delays whose failures are all forgotten, and sessions that have ended."""
    LoginDelay.objects.filter(last_failed_at__lt=timezone.now() - KEEP).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@transaction.atomic
def _count(keys: list[tuple[Kind, str]], address: str) -> int:
    """Count one failure for every key, unless one has to wait: then return the seconds."""
    now = timezone.now()
    rows = [_locked(kind, account, address) for kind, account in keys]
    wait = max(row.seconds_left(now) for row in rows)
    if not wait:
        for row in rows:
            row.count_failure(now)
    return wait


def _locked(kind: Kind, account: str, address: str) -> LoginDelay:
    """Return a row until the end of the transaction; callers take the address's row first."""
    rows = LoginDelay.objects.select_for_update(no_key=True)
    return rows.get_or_create(kind=kind, account=account, address=address_group(address))[0]
