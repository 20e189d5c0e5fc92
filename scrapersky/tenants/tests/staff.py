"""Accounts with staff status, for tests of the admin."""

from collections.abc import Iterable

from django.contrib.auth.models import Permission
from django.test import Client

from scrapersky.tenants.models import Membership, Tenant, User

PROJECT = ("tenants", "batches", "scans", "auth")


def permissions(*codenames: str) -> Iterable[Permission]:
    """Return permissions by codename, by default all of the project's and those of groups."""
    if codenames:
        return Permission.objects.filter(codename__in=codenames)
    return Permission.objects.filter(content_type__app_label__in=PROJECT)


def account(
    name: str, *tenants: Tenant, role: str = "member", staff: bool = False, codenames: str = ""
) -> User:
    """Return an account in tenants; `codenames` are permissions, separated by spaces."""
    user = User.objects.create(username=name, email=f"{name}@example.com", is_staff=staff)
    for tenant in tenants:
        Membership.objects.create(user=user, tenant=tenant, role=role)
    if codenames:
        user.user_permissions.set(permissions(*codenames.split()))
    return user


def staff(name: str, *tenants: Tenant, role: str = "admin", codenames: str = "") -> User:
    """Return an account with staff status and the given permissions, by default all."""
    user = account(name, *tenants, role=role, staff=True, codenames=codenames)
    if not codenames:
        user.user_permissions.set(permissions())
    return user


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
