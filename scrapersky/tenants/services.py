"""Make accounts."""

import secrets

from django.db import transaction

from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, User


@transaction.atomic
def create_first_account(username: str = "admin") -> str:
    """Make the first account, an administrator of the default tenant; return its password.

    Returns an empty text where there is an account already.
    """
    if User.objects.exists():
        return ""
    password = secrets.token_urlsafe(12)
    user = User.objects.create_superuser(username, password=password)
    Membership.objects.create(user=user, tenant_id=DEFAULT_TENANT_ID, role=Membership.Role.ADMIN)
    return password
