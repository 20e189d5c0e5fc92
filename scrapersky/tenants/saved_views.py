"""Save a list's filters, order and columns as a named view, share it, or open it by default.

Only its owner can change a view; members of its tenant can open it while it is shared.
"""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from scrapersky.tenants.access import (
    check_writable,
    get_readable,
    readable_tenants,
    writable_tenants,
)
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.preferences import ListSettings, SavedView, list_settings, views_of
from scrapersky.web.text import sanitize

NAME_LENGTH = 100
# Maximum length of a query string; far longer than any form sends.
QUERY_LENGTH = 8_000


def openable_views(user: User) -> QuerySet[SavedView]:
    """Return the views a user may open: their own, and those shared in their tenants."""
    return views_of(user, readable_tenants(user))


def get_view(user: User, pk: UUID) -> SavedView:
    """Return a view that a user may open, or raise Http404."""
    return get_readable(openable_views(user), user, pk=pk)


def own_view(user: User, pk: UUID) -> SavedView:
    """Return a view to be changed; raise Http404 if the user is not its owner."""
    return get_readable(openable_views(user).filter(owner=user), user, pk=pk)


def create_view(
    *,
    owner: User,
    list_name: str,
    name: str,
    query: str,
    columns: Sequence[str],
    shared_in: UUID | None = None,
) -> SavedView:
    """Save a view, private or shared in a tenant.

    Raises ValidationError if the name is empty, too long or taken, and PermissionDenied if the
    owner may not write in that tenant.
    """
    view = SavedView(owner=owner, list_name=list_name, query=query, columns=list(columns))
    view.tenant_id = _home_of(owner).pk
    _share(view, shared_in)
    return _stored(view, name)


def update_view(
    view: SavedView,
    *,
    name: str,
    shared_in: UUID | None,
    query: str | None = None,
    columns: Sequence[str] = (),
) -> SavedView:
    """Rename or share a view, and replace its query if one is passed."""
    if query is not None:
        view.query, view.columns = query, list(columns)
    _share(view, shared_in)
    return _stored(view, name)


def delete_view(view: SavedView) -> None:
    """Delete a view; lists that opened with it show all rows again."""
    view.delete()


def open_first(user: User, list_name: str, view: SavedView | None) -> None:
    """Make a list open with a view, or with all rows."""
    ListSettings.objects.update_or_create(
        user=user, list_name=list_name, defaults={"first_view": view}
    )


def first_view(user: User, list_name: str) -> SavedView | None:
    """Return the view that a list opens with, if the user may still open it."""
    preferred = list_settings(user, list_name).first_view_id
    return openable_views(user).filter(pk=preferred).first() if preferred else None


def first_views(user: User) -> set[UUID]:
    """Return the ids of the views that the user's lists open with."""
    rows = ListSettings.objects.filter(user=user, first_view__isnull=False)
    return set(rows.values_list("first_view", flat=True))


def tenants_to_share_in(user: User) -> QuerySet[Tenant]:
    """Return the tenants whose members a user may share a view with."""
    return writable_tenants(user).order_by("name", "pk")


def _home_of(owner: User) -> Tenant:
    tenant = readable_tenants(owner).order_by("pk").first()
    if tenant is None:
        raise PermissionDenied(
            "A view needs a tenant. Ask an administrator to add your account to one."
        )
    return tenant


def _share(view: SavedView, tenant_id: UUID | None) -> None:
    if tenant_id is not None:
        check_writable(view.owner, tenant_id)
        view.tenant_id = tenant_id
    view.is_shared = tenant_id is not None


def _stored(view: SavedView, name: str) -> SavedView:
    view.name = sanitize(" ".join(name.split()))
    view.query = sanitize(view.query)
    if not 1 <= len(view.name) <= NAME_LENGTH:
        raise ValidationError(f"Enter a name of at most {NAME_LENGTH} characters.")
    if len(view.query) > QUERY_LENGTH:
        raise ValidationError("These filters are too long to save. Use fewer filters.")
    own = SavedView.objects.filter(owner=view.owner, list_name=view.list_name, name=view.name)
    error = ValidationError(f"You already have a view named “{view.name}”. Choose another name.")
    if own.exclude(pk=view.pk).exists():
        raise error
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:  # saved by another request at the same time
        raise error from None
    return view
