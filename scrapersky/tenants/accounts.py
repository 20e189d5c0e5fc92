"""Decide who may change which account and grant which rights: never more than their own.

An account may be changed, reset or deleted only if the actor may write in all of its tenants, and
its roles and permissions do not exceed the actor's.
"""

from uuid import UUID

from django.contrib.auth.models import Group, Permission
from django.db.models import Exists, OuterRef, Q, QuerySet

from scrapersky.tenants import access
from scrapersky.tenants.models import Membership, User
from scrapersky.tenants.roles import Role, grantable_roles

# Staff status and other rights that do not come with a role
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


def visible_accounts(actor: User) -> QuerySet[User]:
    """Return the accounts that share a tenant with the actor; for a superuser, all."""
    if access.has_all_rights(actor):
        return User.objects.all()
    shared = Membership.objects.filter(tenant__in=access.readable_tenants(actor).values("pk"))
    return User.objects.filter(pk__in=shared.values("user"), is_superuser=False)


def manageable_accounts(actor: User) -> QuerySet[User]:
    """Return the accounts that the actor may change, reset and delete."""
    if access.has_all_rights(actor):
        return User.objects.all()
    if not actor.is_active:
        return User.objects.none()
    memberships = Membership.objects.filter(user=OuterRef("pk"))
    groups = Permission.objects.filter(group__user=OuterRef("pk"))
    direct = Permission.objects.filter(user=OuterRef("pk"))
    own = grantable_permissions(actor).values("pk")
    rows = User.objects.filter(Exists(memberships), is_superuser=False).exclude(
        Exists(memberships.exclude(_grantable_memberships(actor)))
        | Exists(groups.exclude(pk__in=own))
        | Exists(direct.exclude(pk__in=own))
    )
    return rows if actor.is_staff else rows.filter(is_staff=False)


def _grantable_memberships(actor: User) -> Q:
    """Return the condition for memberships with a role that the actor may grant."""
    condition = Q(pk=None)
    for tenant_id, role in actor.roles.items():
        condition |= Q(tenant=tenant_id, role__in=grantable_roles(role))
    return condition


def may_manage(actor: User, account: User) -> bool:
    """Return whether the actor may change, reset and delete an account."""
    return manageable_accounts(actor).filter(pk=account.pk).exists()


# Roles


def roles_to_grant(actor: User, tenant_id: UUID | None) -> list[str]:
    """Return the roles that the actor may grant in a tenant, weakest first."""
    if access.has_all_rights(actor):
        return list(grantable_roles(Role.ADMIN))
    return grantable_roles(access.role_in(actor, tenant_id))


def may_write_membership(actor: User, membership: Membership) -> bool:
    """Return whether the actor may add, change or delete a membership as it is.

    Users cannot change their own role. An account need not be manageable to be removed from a
    tenant, as it may also belong to others.
    """
    is_stored = not membership._state.adding
    if membership.user_id == actor.pk and (is_stored or not access.has_all_rights(actor)):
        return False
    if access.has_all_rights(actor):
        return True
    if membership.role not in roles_to_grant(actor, membership.tenant_id):
        return False
    if is_stored:
        return not membership.user.is_superuser and not _exceeds(membership.user, actor)
    return may_manage(actor, membership.user)


def _exceeds(account: User, actor: User) -> bool:
    """Return whether an account has staff status or permissions that the actor lacks."""
    more = _permissions_of(account).exclude(pk__in=grantable_permissions(actor).values("pk"))
    return (account.is_staff and not actor.is_staff) or more.exists()


# Permissions


def _permissions_of(account: User) -> QuerySet[Permission]:
    """Return the permissions granted to an account, even if it is deactivated."""
    return Permission.objects.filter(Q(user=account) | Q(group__user=account))


def grantable_permissions(actor: User) -> QuerySet[Permission]:
    """Return the permissions that the actor may grant: their own."""
    if access.has_all_rights(actor):
        return Permission.objects.all()
    own = _permissions_of(actor) if actor.is_active else Permission.objects.none()
    return Permission.objects.filter(pk__in=own.values("pk"))


def grantable_groups(actor: User) -> QuerySet[Group]:
    """Return the groups of which the actor may grant every permission."""
    if access.has_all_rights(actor):
        return Group.objects.all()
    more = Permission.objects.filter(group=OuterRef("pk")).exclude(
        pk__in=grantable_permissions(actor).values("pk")
    )
    return Group.objects.exclude(Exists(more))


def may_write_group(actor: User, group: Group) -> bool:
    """Return whether the actor may change or delete a group, which affects all members."""
    if access.has_all_rights(actor):
        return True
    if not grantable_groups(actor).filter(pk=group.pk).exists():
        return False
    return not group.user_set.exclude(pk__in=manageable_accounts(actor).values("pk")).exists()
