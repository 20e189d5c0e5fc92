"""Fixtures for every test of the project."""

import pytest

from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, Tenant, User


@pytest.fixture
def default_tenant(db: None) -> Tenant:
    """Return the tenant that every installation has."""
    tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    return tenant


@pytest.fixture
def other_tenant(db: None) -> Tenant:
    """Return a tenant that `user` has no part in."""
    return Tenant.objects.create(name="Another organisation")


@pytest.fixture
def user(default_tenant: Tenant) -> User:
    """Return a member of the default tenant."""
    return member_of(default_tenant, "member")


@pytest.fixture
def stranger(other_tenant: Tenant) -> User:
    """Return a member of another tenant."""
    return member_of(other_tenant, "stranger")


def member_of(tenant: Tenant, username: str) -> User:
    made = User.objects.create_user(username, f"{username}@example.com", "secret")
    Membership.objects.create(user=made, tenant=tenant, role=Membership.Role.MEMBER)
    return made
