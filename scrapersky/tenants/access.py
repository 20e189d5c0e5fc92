"""Decide which rows a user may read and write, for pages, API and admin.

A row of another tenant does not exist for a user: its id is a 404. Everything that adds, changes
or deletes a row goes through `check_writable`.
"""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404

from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.tenants.roles import Right, may, roles_with

# An id that no row has
NO_ROW = UUID(int=0)

M = TypeVar("M", bound=Model)
Who = User | AnonymousUser


def has_all_rights(user: Who) -> bool:
    return user.is_active and user.is_superuser


def role_in(user: Who, tenant_id: UUID | None) -> str | None:
    """Return the role of a user in a tenant; None for non-members and deactivated accounts."""
    return _roles_of(user).get(tenant_id) if tenant_id else None


def _roles_of(user: Who) -> dict[UUID, str]:
    return user.roles if isinstance(user, User) and user.is_active else {}


def _tenant_ids(user: Who, right: Right) -> list[UUID]:
    return [tenant_id for tenant_id, role in _roles_of(user).items() if may(role, right)]


def _tenants(user: Who, right: Right) -> QuerySet[Tenant]:
    if has_all_rights(user):
        return Tenant.objects.all()
    return Tenant.objects.filter(pk__in=_members_tenants(user, right))


def _rows(rows: QuerySet[M], user: Who, right: Right) -> QuerySet[M]:
    if has_all_rights(user):
        return rows
    return rows.filter(**{f"{tenant_path(rows.model)}__in": _members_tenants(user, right)})


def _members_tenants(user: Who, right: Right) -> Any:
    """Return the ids of the tenants in which a user has a right, for use in a query.

    They are values if the roles are loaded, which the planner estimates best, else a subquery.
    """
    if isinstance(user, User) and user.is_active and not user.has_read_roles:
        rows = Membership.objects.filter(user=user.pk, role__in=roles_with(right))
        return rows.values("tenant")
    return _tenant_ids(user, right)


def tenant_path(model: type[Model]) -> str:
    """Return the path from a row to its tenant: `TENANT_PATH` if the model has no tenant column."""
    return getattr(model, "TENANT_PATH", "tenant")


# Read


def readable_tenants(user: Who) -> QuerySet[Tenant]:
    """Return the tenants whose rows a user may read; all for a superuser."""
    return _tenants(user, Right.READ)


def readable_tenant_ids(user: Who) -> list[UUID]:
    """Return the sorted ids of the tenants whose rows a user may read, 1,000 at most."""
    if has_all_rights(user):
        return list(Tenant.objects.order_by("pk").values_list("pk", flat=True)[:1_000])
    return sorted(_tenant_ids(user, Right.READ))[:1_000]


def readable(rows: QuerySet[M], user: Who) -> QuerySet[M]:
    """Return the rows that a user may read."""
    return _rows(rows, user, Right.READ)


def get_readable(rows: QuerySet[M], user: Who, **lookup: Any) -> M:
    """Return the readable row, or raise Http404.

    If no row has the `pk`, look it up as an id used by a client or the older system. The number of
    queries does not reveal whether another tenant has such a row.
    """
    visible = readable(rows, user)
    row = visible.filter(**lookup).first()
    if row is None and isinstance(pk := lookup.get("pk"), UUID):
        row = visible.filter(_formerly(rows.model, pk)).first()
    if row is None:
        raise Http404(f"There is no {rows.model._meta.verbose_name} with this id.")
    return row


# Write


def can_write(user: Who, tenant_id: UUID | None) -> bool:
    """Return whether a user may add, change and delete rows of a tenant."""
    return has_all_rights(user) or may(role_in(user, tenant_id), Right.WRITE)


def has_tenant(user: Who) -> bool:
    """Return whether a user may read the rows of at least one tenant."""
    return has_all_rights(user) or bool(_tenant_ids(user, Right.READ))


def can_write_somewhere(user: Who) -> bool:
    """Return whether a user may write in at least one tenant."""
    return has_all_rights(user) or bool(_tenant_ids(user, Right.WRITE))


def check_writable(user: Who, *tenant_ids: UUID | None) -> None:
    """Raise PermissionDenied unless a user may write in all of the tenants.

    Every add, change and delete goes through this check.
    """
    if not all(can_write(user, tenant_id) for tenant_id in tenant_ids):
        raise PermissionDenied("Your account can view this but not change it.")


def check_writable_somewhere(user: Who) -> None:
    """Raise PermissionDenied for a user who may write in no tenant."""
    if not can_write_somewhere(user):
        raise PermissionDenied("Your account can view results but not change them.")


def writable_tenants(user: Who) -> QuerySet[Tenant]:
    """Return the tenants whose rows a user may add, change and delete."""
    return _tenants(user, Right.WRITE)


def writable(rows: QuerySet[M], user: Who) -> QuerySet[M]:
    """Return the rows that a user may change; raise PermissionDenied if there can be none."""
    check_writable_somewhere(user)
    return _rows(rows, user, Right.WRITE)


def get_writable(rows: QuerySet[M], user: Who, **lookup: Any) -> M:
    """Return the row to change; raise Http404, or PermissionDenied if it is only readable."""
    row = get_readable(rows, user, **lookup)
    check_writable(user, tenant_id_of(row))
    return row


def tenant_for_new_rows(user: Who) -> Tenant:
    """Return the tenant for a user's new rows: the first one joined in which they may write."""
    check_writable_somewhere(user)
    writes_in = _tenant_ids(user, Right.WRITE)
    if writes_in:
        return Tenant.objects.get(pk=writes_in[0])
    tenant = writable_tenants(user).order_by("id").first()
    if tenant is None:
        raise PermissionDenied("There is no tenant yet. Add one in the admin.")
    return tenant


def tenant_id_of(row: Model) -> UUID | None:
    """Return the tenant id of a row, by the same path as lists, without loading the tenant."""
    *steps, last = tenant_path(type(row)).split("__")
    value: Any = row
    for step in steps:
        value = getattr(value, step, None)
    tenant_id: UUID | None = getattr(value, f"{last}_id", None) or getattr(value, last, None)
    return tenant_id


# Other ids of rows


def _formerly(model: type[Model], pk: UUID) -> Q:
    """Return the condition for rows known by an id to a client or the older system."""
    became = Q(pk__in=[NO_ROW, *_became(model, [pk]).values()])
    column = getattr(model, "CLIENT_ID", "")
    return became | Q(**{column: str(pk)}) if column else became


def current_ids(rows: QuerySet, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Map ids of the older system to the current ids of the rows."""
    became = _became(rows.model, ids)
    # Always query: the number of queries must not reveal which ids exist.
    candidates = [NO_ROW, *became.values()]
    present = set(rows.filter(pk__in=candidates).values_list("pk", flat=True))
    return {former: pk for former, pk in became.items() if pk in present}


def _became(model: type[Model], ids: Sequence[UUID]) -> dict[UUID, UUID]:
    # Looked up by name because this package must not import `batches`.
    legacy_ids: Any = apps.get_model("batches", "LegacyId")._default_manager
    mapped = legacy_ids.became(str(model._meta.model_name), [str(pk) for pk in ids])
    return {UUID(original): pk for original, pk in reversed(mapped)}
