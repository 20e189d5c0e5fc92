"""The admin of accounts, memberships and groups: nobody gains or grants more than they have."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scrapersky.tenants.models import ApiToken, Membership, Tenant, User
from scrapersky.tenants.tests.staff import account, browser, permissions, staff

pytestmark = pytest.mark.django_db
USERS = "/admin/tenants/user/"
MEMBERSHIPS = "/admin/tenants/membership/"
GROUPS = "/admin/auth/group/"
NEW_PASSWORD = {"password1": "a-brand-new-secret", "password2": "a-brand-new-secret"}


def no_inline(prefix: str = "memberships") -> dict[str, str]:
    return {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}


def profile(user: User, **changes: Any) -> dict[str, Any]:
    """Return the data of an account's change form."""
    sent = {
        "username": user.username,
        "email": user.email,
        "is_active": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00",
    }
    return sent | no_inline() | changes


def delete_many(client: Client, url: str, *rows: Any) -> Any:
    sent = {"action": "delete_selected", "post": "yes", "_selected_action": [r.pk for r in rows]}
    return client.post(url, sent)


def attack(client: Client, target: User) -> None:
    """Try every way to change, reset or delete an account."""
    url = f"{USERS}{target.pk}"
    assert client.post(f"{url}/password/", NEW_PASSWORD).status_code in (302, 403, 404)
    sent = profile(target, email="mine@example.com", is_superuser="on", is_staff="on")
    assert client.post(f"{url}/change/", sent).status_code in (302, 403, 404)
    assert client.post(f"{url}/delete/", {"post": "yes"}).status_code in (302, 403, 404)
    delete_many(client, USERS, target)


def is_untouched(target: User) -> bool:
    now = User.objects.filter(pk=target.pk).values().first()
    return now == {name: getattr(target, name) for name in now or {}}


@pytest.fixture
def third_tenant(db: None) -> Tenant:
    return Tenant.objects.create(name="Third")


def test_staff_manage_an_account_whose_tenants_are_all_theirs(default_tenant: Tenant) -> None:
    boss, target = staff("boss", default_tenant), account("target", default_tenant)
    client, url = browser(boss), f"{USERS}{target.pk}"
    client.post(f"{url}/change/", profile(target, email="new@example.com"))
    client.post(f"{url}/password/", NEW_PASSWORD | {"set-password": "1"})
    target.refresh_from_db()
    assert target.email == "new@example.com"
    assert target.check_password(NEW_PASSWORD["password1"])
    assert client.post(f"{url}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=target.pk).exists()


def test_staff_of_both_tenants_manage_an_account_of_both(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    boss = staff("boss", default_tenant, other_tenant)
    target = account("target", default_tenant, other_tenant)
    ApiToken.create(user=target)
    assert delete_many(browser(boss), USERS, target).status_code == 302
    assert not User.objects.filter(pk=target.pk).exists()


def test_staff_of_one_tenant_cannot_take_over_an_account_of_two(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    target = account("target", default_tenant, other_tenant)
    attack(browser(staff("boss", default_tenant)), target)
    assert is_untouched(target)
    assert target.memberships.count() == 2


def test_staff_who_only_view_one_of_the_tenants_cannot_take_over(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    boss = staff("boss", default_tenant)
    Membership.objects.create(user=boss, tenant=other_tenant, role="viewer")
    target = account("target", default_tenant, other_tenant, role="viewer")
    attack(browser(boss), target)
    assert is_untouched(target)


@pytest.mark.parametrize(
    "more", ["permission", "group", "role", "superuser", "staff of a closed account", "no tenant"]
)
def test_staff_cannot_take_over_who_has_more(default_tenant: Tenant, more: str) -> None:
    codenames = "view_user change_user delete_user add_user change_membership delete_membership"
    boss = staff("boss", default_tenant, role="member", codenames=codenames)
    target = account("target", default_tenant)
    if more == "permission":
        target.user_permissions.set(permissions("view_group"))
    if more == "group":
        target.groups.add(group := Group.objects.create(name="More"))
        group.permissions.set(permissions("view_group"))
    if more == "role":
        target.memberships.update(role="admin")
    if more == "superuser":
        target.is_superuser = True
    if more == "staff of a closed account":
        target.is_active = False
        target.user_permissions.set(permissions("change_group"))
    if more == "no tenant":
        target.memberships.all().delete()
    target.save()
    attack(browser(boss), target)
    assert is_untouched(target)


def test_one_account_out_of_reach_keeps_a_bulk_delete_from_all(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    near, far = account("near", default_tenant), account("far", default_tenant, other_tenant)
    assert delete_many(browser(staff("boss", default_tenant)), USERS, near, far).status_code == 403
    assert User.objects.filter(pk__in=[near.pk, far.pk]).count() == 2


def test_a_superuser_manages_every_account(default_tenant: Tenant, other_tenant: Tenant) -> None:
    root = User.objects.create_superuser("root")
    target = account("target", default_tenant, other_tenant)
    browser(root).post(f"{USERS}{target.pk}/change/", profile(target, is_superuser="on"))
    target.refresh_from_db()
    assert target.is_superuser


def test_a_viewer_with_every_permission_changes_nothing_in_the_admin(
    default_tenant: Tenant,
) -> None:
    viewer = staff("viewer", default_tenant, role="viewer")
    attack(browser(viewer), target := account("target", default_tenant, role="viewer"))
    assert is_untouched(target)
    own = viewer.memberships.get()
    browser(viewer).post(f"{MEMBERSHIPS}{own.pk}/change/", {"role": "admin"})
    assert viewer.memberships.get().role == "viewer"


def test_nobody_deletes_their_own_account(default_tenant: Tenant) -> None:
    boss, root = staff("boss", default_tenant), User.objects.create_superuser("root")
    for user in (boss, root):
        client = browser(user)
        assert client.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 403
        assert delete_many(client, USERS, user).status_code == 403
    assert User.objects.filter(pk__in=[boss.pk, root.pk]).count() == 2


# Roles


@pytest.mark.parametrize("is_superuser", [False, True])
@pytest.mark.parametrize("role", ["admin", "member"])
def test_nobody_changes_their_own_role(
    default_tenant: Tenant, role: str, is_superuser: bool
) -> None:
    boss = staff("boss", default_tenant, role=role)
    User.objects.filter(pk=boss.pk).update(is_superuser=is_superuser)
    own, client = boss.memberships.get(), browser(boss)
    client.post(f"{MEMBERSHIPS}{own.pk}/change/", {"role": "viewer"})
    client.post(f"{MEMBERSHIPS}{own.pk}/delete/", {"post": "yes"})
    delete_many(client, MEMBERSHIPS, own)
    inline = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(own.pk),
        "memberships-0-user": str(boss.pk),
        "memberships-0-tenant": str(default_tenant.pk),
        "memberships-0-role": "viewer",
    }
    client.post(f"{USERS}{boss.pk}/change/", profile(boss) | inline)
    tenant = {"name": default_tenant.name}
    client.post(f"/admin/tenants/tenant/{default_tenant.pk}/change/", tenant | inline)
    assert boss.memberships.get().role == role


def test_a_role_is_changed_by_somebody_else_in_every_form(default_tenant: Tenant) -> None:
    client, target = browser(staff("boss", default_tenant)), account("target", default_tenant)
    row = target.memberships.get()
    client.post(f"{MEMBERSHIPS}{row.pk}/change/", {"role": "admin"})
    assert target.memberships.get().role == "admin"
    inline = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(row.pk),
        "memberships-0-user": str(target.pk),
        "memberships-0-tenant": str(default_tenant.pk),
    }
    sent = profile(target) | inline | {"memberships-0-role": "viewer"}
    client.post(f"{USERS}{target.pk}/change/", sent)
    assert target.memberships.get().role == "viewer"
    sent = {"name": "Default"} | inline | {"memberships-0-role": "member"}
    client.post(f"/admin/tenants/tenant/{default_tenant.pk}/change/", sent)
    assert target.memberships.get().role == "member"


def test_a_member_gives_no_role_above_their_own(default_tenant: Tenant) -> None:
    boss, target = staff("boss", default_tenant, role="member"), account("target", default_tenant)
    row = target.memberships.get()
    response = browser(boss).post(f"{MEMBERSHIPS}{row.pk}/change/", {"role": "admin"})
    assert "above your own" in response.content.decode()
    assert target.memberships.get().role == "member"


def test_a_membership_cannot_be_moved_to_another_account_or_tenant(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    boss = staff("boss", default_tenant, other_tenant)
    target, other = account("target", default_tenant), account("other", other_tenant)
    row = target.memberships.get()
    sent = {"user": str(other.pk), "tenant": str(other_tenant.pk), "role": "viewer"}
    browser(boss).post(f"{MEMBERSHIPS}{row.pk}/change/", sent)
    row.refresh_from_db()
    assert (row.user, row.tenant, row.role) == (target, default_tenant, "viewer")


def test_an_account_of_two_tenants_can_be_taken_out_of_ones_own_only(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    target = account("target", default_tenant, other_tenant)
    client = browser(staff("boss", default_tenant))
    for row in target.memberships.all():
        client.post(f"{MEMBERSHIPS}{row.pk}/delete/", {"post": "yes"})
    assert target.memberships.get().tenant == other_tenant


def test_an_account_with_a_foreign_tenant_is_not_added_to_a_further_one(
    default_tenant: Tenant, other_tenant: Tenant, third_tenant: Tenant
) -> None:
    boss = staff("boss", default_tenant, third_tenant)
    target = account("target", default_tenant, other_tenant)
    sent = {"user": str(target.pk), "tenant": str(third_tenant.pk), "role": "viewer"}
    assert browser(boss).post(f"{MEMBERSHIPS}add/", sent).status_code == 403
    assert target.memberships.count() == 2


# New accounts


def new_account(tenant: Tenant, role: str) -> dict[str, str]:
    sent = {"username": "fresh", "usable_password": "true", "tenant": str(tenant.pk)}
    return sent | NEW_PASSWORD | {"role": role}


def test_the_add_form_asks_for_tenant_and_role(default_tenant: Tenant) -> None:
    client = browser(staff("boss", default_tenant))
    body = client.get(f"{USERS}add/").content.decode()
    assert 'name="tenant"' in body
    assert 'name="role"' in body
    client.post(f"{USERS}add/", new_account(default_tenant, "viewer"))
    fresh = User.objects.get(username="fresh")
    assert [(row.tenant, row.role) for row in fresh.memberships.all()] == [
        (default_tenant, "viewer")
    ]


def test_an_account_is_not_added_to_another_tenant_or_above_the_own_role(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    client = browser(staff("boss", default_tenant, role="member"))
    for tenant, role in ((other_tenant, "viewer"), (default_tenant, "admin")):
        assert client.post(f"{USERS}add/", new_account(tenant, role)).status_code == 200
    assert not User.objects.filter(username="fresh").exists()


# Permissions and groups


def test_staff_grant_the_permissions_they_have_and_no_other(default_tenant: Tenant) -> None:
    boss = staff("boss", default_tenant, codenames="view_user change_user view_batch")
    target = account("target", default_tenant)
    own, more = (Permission.objects.get(codename=name) for name in ("view_batch", "add_schedule"))
    client, url = browser(boss), f"{USERS}{target.pk}/change/"
    client.post(url, profile(target, user_permissions=[str(own.pk), str(more.pk)]))
    assert not target.user_permissions.exists()
    client.post(url, profile(target, user_permissions=[str(own.pk)], is_superuser="on"))
    assert list(target.user_permissions.all()) == [own]
    target.refresh_from_db()
    assert not target.is_superuser


def test_staff_put_nobody_into_a_group_with_more_permissions(default_tenant: Tenant) -> None:
    boss = staff("boss", default_tenant, codenames="view_user change_user")
    target, group = account("target", default_tenant), Group.objects.create(name="Power")
    group.permissions.set(permissions("add_schedule"))
    url = f"{USERS}{target.pk}/change/"
    browser(boss).post(url, profile(target, groups=[str(group.pk)]))
    assert not target.groups.exists()
    group.permissions.set(permissions("change_user"))
    browser(boss).post(url, profile(target, groups=[str(group.pk)]))
    assert target.groups.get() == group


def test_nobody_grants_themselves_anything(default_tenant: Tenant) -> None:
    boss = staff("boss", default_tenant, codenames="view_user change_user")
    group = Group.objects.create(name="Empty")
    sent = profile(boss, is_superuser="on", groups=[str(group.pk)], user_permissions=[])
    browser(boss).post(f"{USERS}{boss.pk}/change/", sent)
    boss.refresh_from_db()
    assert not boss.is_superuser
    assert not boss.groups.exists()
    assert boss.user_permissions.count() == 2


def test_a_group_gets_no_permission_that_its_editor_does_not_have(default_tenant: Tenant) -> None:
    boss = staff("boss", default_tenant, codenames="view_group change_group add_group")
    group = Group.objects.create(name="Ours")
    boss.groups.add(group)
    more = Permission.objects.get(codename="add_schedule")
    sent = {"name": "Ours", "permissions": [str(more.pk)]}
    client = browser(boss)
    client.post(f"{GROUPS}{group.pk}/change/", sent)
    client.post(f"{GROUPS}add/", sent | {"name": "Fresh"})
    assert not group.permissions.exists()
    assert not Group.objects.filter(name="Fresh").exists()


def test_a_group_with_a_foreign_member_or_more_permissions_is_left_alone(
    default_tenant: Tenant, other_tenant: Tenant
) -> None:
    client = browser(staff("boss", default_tenant))
    foreign, power = (Group.objects.create(name=name) for name in ("Foreign", "Power"))
    foreign.user_set.add(account("far", other_tenant))
    power.permissions.set(permissions("add_schedule"))
    for group in (foreign, power):
        url = f"{GROUPS}{group.pk}"
        assert client.post(f"{url}/change/", {"name": "Mine"}).status_code == 403
        assert client.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
        assert delete_many(client, GROUPS, group).status_code == 403
    assert set(Group.objects.values_list("name", flat=True)) == {"Foreign", "Power"}


def test_a_group_of_ones_own_people_can_be_changed(default_tenant: Tenant) -> None:
    client, group = browser(staff("boss", default_tenant)), Group.objects.create(name="Ours")
    group.user_set.add(account("near", default_tenant))
    own = Permission.objects.get(codename="view_batch")
    client.post(f"{GROUPS}{group.pk}/change/", {"name": "Team", "permissions": [str(own.pk)]})
    group.refresh_from_db()
    assert (group.name, list(group.permissions.all())) == ("Team", [own])


def test_what_is_deleted_with_an_account_is_counted_and_not_loaded(
    admin_client: Client, default_tenant: Tenant
) -> None:
    target = account("going", default_tenant)
    url = f"{USERS}{target.pk}/delete/"

    def queries(tokens: int) -> int:
        for number in range(tokens):
            ApiToken.create(user=target, name=f"Token {number}")
        with CaptureQueriesContext(connection) as captured:
            body = admin_client.get(url).content.decode()
        assert f"API tokens: {target.api_tokens.count()}" in body
        assert "Token 0" not in body
        return len(captured)

    queries(1)
    assert queries(1) == queries(5)
    assert admin_client.post(url, {"post": "yes"}).status_code == 302
    assert not ApiToken.objects.exists()
