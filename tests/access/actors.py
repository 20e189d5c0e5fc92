"""Who makes the requests."""

from dataclasses import dataclass

from django.db import connection

from scrapersky.tenants.roles import SUPERUSER, Allowed, Right, Role, allowed

ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Actor:
    """A kind of user: the roles in the tenant whose rows are requested, and in another one."""

    name: str
    here: str | None = None
    elsewhere: str | None = None
    is_staff: bool = False
    is_superuser: bool = False

    @property
    def is_anonymous(self) -> bool:
        return self.name == ANONYMOUS

    @property
    def has_tenant(self) -> bool:
        return bool(self.here or self.elsewhere or self.is_superuser)

    @property
    def enters_admin(self) -> bool:
        return (self.is_staff and self.has_tenant) or self.is_superuser

    @property
    def writes_somewhere(self) -> bool:
        return self.may(Right.WRITE) or self._with(self.elsewhere, Right.WRITE)

    def may(self, right: Right) -> bool:
        """Return whether the table of roles gives this actor a right in the tenant."""
        return self._with(SUPERUSER if self.is_superuser else self.here, right)

    def _with(self, column: str | None, right: Right) -> bool:
        if column is None:
            return self.is_anonymous and allowed(ANONYMOUS, right) is not Allowed.NO
        cell = allowed(column, right)
        return cell is Allowed.YES or (cell is Allowed.STAFF and self.is_staff)

    def __str__(self) -> str:
        return self.name


SUPER = Actor("superuser", is_superuser=True, is_staff=True)
_EVERYBODY = (
    Actor(ANONYMOUS),
    Actor("account without a tenant"),
    Actor("viewer", here=Role.VIEWER),
    Actor("member", here=Role.MEMBER),
    Actor("admin", here=Role.ADMIN),
    Actor("stranger", elsewhere=Role.ADMIN),
    Actor("viewer here, admin elsewhere", here=Role.VIEWER, elsewhere=Role.ADMIN),
    Actor("staff without a tenant", is_staff=True),
    Actor("staff viewer", here=Role.VIEWER, is_staff=True),
    Actor("staff member", here=Role.MEMBER, is_staff=True),
    Actor("staff admin", here=Role.ADMIN, is_staff=True),
    Actor("staff of another tenant", elsewhere=Role.ADMIN, is_staff=True),
    Actor("staff viewer here, admin elsewhere", Role.VIEWER, Role.ADMIN, is_staff=True),
    Actor("staff of two tenants", here=Role.ADMIN, elsewhere=Role.ADMIN, is_staff=True),
    SUPER,
)
# Rights are decided in code, not in the database: on PostgreSQL one of each kind is enough.
_ALIKE = {
    "account without a tenant",
    "viewer here, admin elsewhere",
    "staff without a tenant",
    "staff viewer",
    "staff member",
    "staff of two tenants",
    "staff viewer here, admin elsewhere",
}
ACTORS = tuple(
    actor for actor in _EVERYBODY if connection.vendor == "sqlite" or actor.name not in _ALIKE
)
# In the console, staff status makes a difference only for members of other tenants.
USERS = tuple(a for a in ACTORS if not a.is_staff or a.is_superuser or a.elsewhere)
