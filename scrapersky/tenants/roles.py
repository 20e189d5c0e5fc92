"""What each role may do: the single table used by the code, the tests and docs/security.md."""

from enum import Enum

from scrapersky.tenants.models import Membership

Role = Membership.Role


class Right(Enum):
    """A right, as worded in docs/security.md."""

    ACCOUNT = "Change their own name, e-mail and password; end their sessions; use API tokens"
    READ = "See and download the tenant's batches, domains, results and schedules"
    WRITE = "Create, change, start, stop and delete them"
    ADMIN_READ = "See them in the admin"
    ADMIN_WRITE = "Change and delete them in the admin"
    GRANT_MEMBER = "Add, change, reset and delete accounts of viewers and members"
    GRANT_ADMIN = "Add, change, reset and delete accounts of admins"
    GRANT_OWN_PERMISSIONS = "Grant staff status and the permissions they hold themselves"
    GRANT_ANY_PERMISSION = "Grant any permission and superuser status"
    INSTALLATION = "See workers, queue, maintenance and legacy ids; change schedule timing"
    ADD_TENANT = "Add a tenant"
    CHANGE_OWN_ROLE = "Change their own role"
    CHANGE_QUEUE_CODE = "Add a queue schedule, or change what a schedule or task calls"


class Allowed(Enum):
    NO = "-"
    # Only with staff status and the Django permission for that model
    STAFF = "staff"
    YES = "yes"


NO, STAFF, YES = Allowed.NO, Allowed.STAFF, Allowed.YES
SUPERUSER = "superuser"
COLUMNS = ("anonymous", *(Role.VIEWER, Role.MEMBER, Role.ADMIN), SUPERUSER)
TABLE: dict[Right, tuple[Allowed, ...]] = {
    #                            anonymous viewer member admin superuser
    Right.ACCOUNT:               (NO,      YES,   YES,   YES,   YES),
    Right.READ:                  (NO,      YES,   YES,   YES,   YES),
    Right.WRITE:                 (NO,      NO,    YES,   YES,   YES),
    Right.ADMIN_READ:            (NO,      STAFF, STAFF, STAFF, YES),
    Right.ADMIN_WRITE:           (NO,      NO,    STAFF, STAFF, YES),
    Right.GRANT_MEMBER:          (NO,      NO,    STAFF, STAFF, YES),
    Right.GRANT_ADMIN:           (NO,      NO,    NO,    STAFF, YES),
    Right.GRANT_OWN_PERMISSIONS: (NO,      NO,    STAFF, STAFF, YES),
    Right.GRANT_ANY_PERMISSION:  (NO,      NO,    NO,    NO,    YES),
    Right.INSTALLATION:          (NO,      NO,    NO,    NO,    YES),
    Right.ADD_TENANT:            (NO,      NO,    NO,    NO,    YES),
    Right.CHANGE_OWN_ROLE:       (NO,      NO,    NO,    NO,    NO),
    Right.CHANGE_QUEUE_CODE:     (NO,      NO,    NO,    NO,    NO),
}  # fmt: skip


def allowed(who: str, right: Right) -> Allowed:
    """Return whether a role, `anonymous` or `superuser`, has a right according to the table."""
    return TABLE[right][COLUMNS.index(who)]


def may(role: str | None, right: Right) -> bool:
    """Return whether a role has a right, disregarding staff status and Django permissions."""
    return role is not None and allowed(role, right) is not NO


def roles_with(right: Right) -> list[str]:
    return [role for role in Role.values if may(role, right)]


def grantable_roles(role: str | None) -> list[str]:
    """Return the roles that a role may grant, weakest first."""
    rights = {
        Role.VIEWER: Right.GRANT_MEMBER,
        Role.MEMBER: Right.GRANT_MEMBER,
        Role.ADMIN: Right.GRANT_ADMIN,
    }
    return [permission for permission, right in rights.items() if may(role, right)]


def as_markdown() -> str:
    """Return the table as docs/security.md shows it."""
    head = ["", *(name.capitalize() for name in COLUMNS)]
    rows = [[right.value, *(cell.value for cell in cells)] for right, cells in TABLE.items()]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
