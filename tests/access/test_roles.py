"""The table of roles: every cell is tested, and docs/security.md contains it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Model
from django_q.models import Schedule

from batches.maintenance import MINUTE_KEEPER
from batches.models import Batch
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.tenants.roles import COLUMNS, SUPERUSER, TABLE, Right, Role, as_markdown
from tests.access.actors import ANONYMOUS, Actor
from tests.access.test_admin import form_of, url_of
from tests.access.world import World

pytestmark = pytest.mark.django_db
SECURITY = Path(__file__).resolve().parents[2] / "docs" / "security.md"
Attempt = Callable[[World, Actor], bool]


def submit(world: World, actor: Actor, url: str, changes: dict[str, Any]) -> set[str]:
    """Submit an admin form with changes; return the written tables."""
    page = world.request(actor, "get", url)
    form = form_of(page) if "adminform" in (page.response.context or {}) else {}
    return world.request(actor, "post", url, form | changes).written


def change(world: World, actor: Actor, row: Model, **changes: Any) -> set[str]:
    return submit(world, actor, url_of(type(row), "change", row), changes)


def membership_of(world: World, role: str) -> Membership:
    """Return the membership of an account with no rights other than a role."""
    user = User.objects.get(username={"viewer": "viewer", "member": "member"}.get(role, "admin"))
    return Membership.objects.get(user=user, tenant=world.here)


def changes_account(world: World, actor: Actor) -> bool:
    sent = {"first_name": "Fresh"}
    return "tenants_user" in world.request(actor, "post", "/account/profile/", sent).written


def reads(world: World, actor: Actor) -> bool:
    url = f"/batches/{world.rows['batches'].pk}/"
    answers = [world.request(actor, "get", page) for page in (url, f"{url}results.csv")]
    return all(answer.status == 200 and answer.tells_the_word for answer in answers)


def writes(world: World, actor: Actor) -> bool:
    url = f"/batches/{world.rows['batches'].pk}/rerun/"
    return "batches_batch" in world.request(actor, "post", url).written


def reads_in_admin(world: World, actor: Actor) -> bool:
    url = url_of(Batch, "change", world.rows["batches"])
    return world.request(actor, "get", url).tells_the_word


def writes_in_admin(world: World, actor: Actor) -> bool:
    return "batches_batch" in change(world, actor, world.rows["batches"], name="Fresh")


def manages(world: World, actor: Actor, role: str) -> bool:
    row = membership_of(world, role)
    return "tenants_user" in change(world, actor, row.user, first_name="Fresh")


def grants_member(world: World, actor: Actor) -> bool:
    written = change(world, actor, membership_of(world, Role.VIEWER), role=Role.MEMBER)
    return bool(written) and manages(world, actor, Role.MEMBER)


def grants_admin(world: World, actor: Actor) -> bool:
    written = change(world, actor, membership_of(world, Role.MEMBER), role=Role.ADMIN)
    return bool(written) and manages(world, actor, Role.ADMIN)


def grants(world: World, actor: Actor, codename: str) -> bool:
    permission = Permission.objects.get(codename=codename)
    target = membership_of(world, Role.VIEWER).user
    written = change(world, actor, target, user_permissions=[str(permission.pk)])
    return "tenants_user_user_permissions" in written


def grants_own_permission(world: World, actor: Actor) -> bool:
    return grants(world, actor, "view_batch")


def grants_any_permission(world: World, actor: Actor) -> bool:
    held = actor in world.users and world.users[actor].user_permissions
    more = Permission.objects.get(codename="delete_logentry")
    if held:
        held.remove(more)
    try:
        return grants(world, actor, more.codename)
    finally:
        if held and actor.is_staff and not actor.is_superuser:
            held.add(more)


def keeper() -> Schedule:
    return Schedule.objects.get(name=MINUTE_KEEPER)


def changes_timing(world: World, actor: Actor) -> bool:
    is_seen = world.request(actor, "get", "/admin/batches/worker/").tells_the_word
    return is_seen and "django_q_schedule" in change(world, actor, keeper(), minutes="7")


def adds_tenant(world: World, actor: Actor) -> bool:
    return "tenants_tenant" in submit(world, actor, url_of(Tenant, "add"), {"name": "Fresh"})


def changes_own_role(world: World, actor: Actor) -> bool:
    if actor.is_anonymous:
        return False
    user, other = world.users[actor], {Role.VIEWER: Role.ADMIN}
    own = Membership.objects.filter(user=user, tenant=world.here).first()
    if own is None:
        return False
    return bool(change(world, actor, own, role=other.get(Role(own.role), Role.VIEWER)))


def changes_queue_code(world: World, actor: Actor) -> bool:
    code = {"name": "evil", "func": "os.system", "args": "'id'", "schedule_type": "O"}
    added = submit(world, actor, url_of(Schedule, "add"), code)
    url = url_of(Schedule, "change", keeper())
    changed = world.request(actor, "post", url, code).response
    return "django_q_schedule" in added or "os.system" in str(changed.context)


ATTEMPTS: dict[Right, Attempt] = {
    Right.ACCOUNT: changes_account,
    Right.READ: reads,
    Right.WRITE: writes,
    Right.ADMIN_READ: reads_in_admin,
    Right.ADMIN_WRITE: writes_in_admin,
    Right.GRANT_MEMBER: grants_member,
    Right.GRANT_ADMIN: grants_admin,
    Right.GRANT_OWN_PERMISSIONS: grants_own_permission,
    Right.GRANT_ANY_PERMISSION: grants_any_permission,
    Right.INSTALLATION: changes_timing,
    Right.ADD_TENANT: adds_tenant,
    Right.CHANGE_OWN_ROLE: changes_own_role,
    Right.CHANGE_QUEUE_CODE: changes_queue_code,
}


def actors_of(world: World, column: str) -> list[Actor]:
    """Return the actors of a column: without staff status and with it."""
    return [actor for actor in world.actors if column_of(actor) == column]


def column_of(actor: Actor) -> str | None:
    if actor.is_superuser:
        return SUPERUSER
    return ANONYMOUS if actor.is_anonymous else actor.here


def test_every_right_is_tried_out() -> None:
    assert ATTEMPTS.keys() == TABLE.keys() == set(Right)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("right", Right, ids=lambda right: right.name.lower())
def test_a_role_may_do_what_the_table_says_and_no_more(
    world: World, right: Right, column: str
) -> None:
    actors = actors_of(world, column)
    assert actors
    for actor in actors:
        assert ATTEMPTS[right](world, actor) == actor.may(right), str(actor)


@pytest.mark.parametrize("right", Right, ids=lambda right: right.name.lower())
def test_no_role_in_another_tenant_gives_a_right_here(world: World, right: Right) -> None:
    strangers = [a for a in world.actors if not a.here and not a.is_superuser]
    for actor in strangers:
        own = right is Right.ACCOUNT and not actor.is_anonymous
        assert ATTEMPTS[right](world, actor) == own, str(actor)


def test_the_documentation_shows_the_table() -> None:
    assert as_markdown() in SECURITY.read_text()
