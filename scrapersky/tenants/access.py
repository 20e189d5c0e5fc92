"""Answer "which rows may this user see", for every page, fragment, download, API call and list.

A row of another tenant does not exist for a user: its id is a 404.
"""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from scrapersky.tenants.models import Membership, Tenant, User

M = TypeVar("M", bound=Model)
Who = User | AnonymousUser
WRITERS = (Membership.Role.ADMIN, Membership.Role.MEMBER)


def tenants_of(user: Who) -> QuerySet[Tenant]:
    """Return the tenants a user belongs to; all of them for a superuser."""
    if not user.is_authenticated or not user.is_active:
        return Tenant.objects.none()
    if user.is_superuser:
        return Tenant.objects.all()
    return Tenant.objects.filter(memberships__user=user)


def visible(rows: QuerySet[M], user: Who) -> QuerySet[M]:
    """Return the rows that belong to the user's tenants.

    A model whose tenant is reached through another row names the way in `TENANT_PATH`.
    """
    if user.is_authenticated and user.is_active and user.is_superuser:
        return rows
    path = getattr(rows.model, "TENANT_PATH", "tenant")
    return rows.filter(**{f"{path}__in": tenants_of(user).values("pk")})


def get_visible(rows: QuerySet[M], user: Who, **lookup: Any) -> M:
    """Return the one visible row, or raise Http404.

    Where no row has the `pk`, it may be one that the older system knew the row by.
    """
    mine = visible(rows, user)
    try:
        return get_object_or_404(mine, **lookup)
    except Http404:
        became = _became(rows.model, lookup.get("pk"))
        if became is None:
            raise
        return get_object_or_404(mine, pk=became)


def _became(model: type[Model], pk: object) -> UUID | None:
    """Return what a UUID of the older system became, None where it became nothing else."""
    if not isinstance(pk, UUID):
        return None
    found: UUID | None = _legacy_ids().resolve(_kind_of(model), str(pk))
    return None if found == pk else found


def current_ids(model: type[Model], ids: Sequence[UUID]) -> list[UUID]:
    """Return ids of rows; those of the older system that were merged away as what they became."""
    texts = [str(pk) for pk in ids]
    rows = _legacy_ids().filter(kind=_kind_of(model), original__in=texts)
    became = dict(rows.values_list("original", "uuid"))
    return list(dict.fromkeys(became.get(text, pk) for text, pk in zip(texts, ids, strict=True)))


def _kind_of(model: type[Model]) -> str:
    return str(model._meta.model_name)


def _legacy_ids() -> Any:
    # By name, as foreign keys are: this application knows nothing of those that use it.
    return apps.get_model("batches", "LegacyId")._default_manager


def working_tenant(user: Who) -> Tenant:
    """Return the tenant that what a user creates belongs to: the first one he may write in."""
    rows = tenants_of(user)
    if user.is_authenticated and not user.is_superuser:
        rows = rows.filter(memberships__user=user, memberships__role__in=WRITERS)
    own = rows.filter(memberships__user_id=str(user.pk)).order_by("memberships__id").first()
    tenant = own or rows.order_by("id").first()
    if tenant is None:
        raise PermissionDenied("Your account may look but not change anything.")
    return tenant


def may_write(user: Who, tenant_id: UUID) -> bool:
    """Say whether a user may change this tenant's rows, or only look at them."""
    if user.is_authenticated and user.is_superuser:
        return True
    return Membership.objects.filter(
        user_id=str(user.pk), tenant_id=tenant_id, role__in=WRITERS
    ).exists()


def check_may_write(user: Who, tenant_id: UUID) -> None:
    """Raise PermissionDenied for a user who may only look at this tenant's rows."""
    if not may_write(user, tenant_id):
        raise PermissionDenied("Your account may look but not change anything here.")


def writable(rows: QuerySet[M], user: Who) -> QuerySet[M]:
    """Return the rows that a user may change; raise PermissionDenied where none ever could be."""
    working_tenant(user)
    if user.is_authenticated and user.is_superuser:
        return rows
    own = Membership.objects.filter(user_id=str(user.pk), role__in=WRITERS)
    return visible(rows, user).filter(tenant__in=own.values("tenant"))
