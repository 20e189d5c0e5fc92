"""Create accounts and end their access."""

import secrets

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction

from scrapersky.tenants.models import DEFAULT_TENANT_ID, ApiToken, Membership, User
from scrapersky.tenants.sessions import end_other_sessions


@transaction.atomic
def create_first_account() -> tuple[str, str] | None:
    """Create an administrator of the default tenant; return its name and its password.

    Returns None if any account has a password. Those that come from an older system have none.
    """
    if User.objects.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists():
        return None
    is_taken = User.objects.filter(username="admin").exists()
    username = f"admin-{secrets.token_hex(4)}" if is_taken else "admin"
    password = secrets.token_urlsafe(12)
    user = User.objects.create_superuser(username, password=password)
    Membership.objects.create(user=user, tenant_id=DEFAULT_TENANT_ID, role=Membership.Role.ADMIN)
    return username, password


@transaction.atomic
def end_access_elsewhere(user: User, *, keep: str | None, revoke_tokens: bool) -> str:
    """End sessions and tokens after a password change; return a message about them.

    All sessions except the one with the given key end; API tokens are revoked on request.
    """
    sessions = end_other_sessions(user, keep=keep)
    ended = f"{sessions} other session{'' if sessions == 1 else 's'} ended"
    if not revoke_tokens:
        return f"{ended}."
    tokens = ApiToken.objects.filter(user=user).revoke()
    return f"{ended}, {tokens} API token{'' if tokens == 1 else 's'} revoked."
