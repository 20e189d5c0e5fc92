"""Which domains a bulk action is about: those that were ticked, or all that match the filter."""

from contextlib import suppress
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from scans.filters import DomainFilter
from scans.models import Domain
from scrapersky.tenants.access import writable
from scrapersky.tenants.models import User


def selected_domains(asked: QueryDict, user: User) -> QuerySet[Domain]:
    """Return the chosen domains that the user may change.

    `pick` names single domains; `all` asks for every domain that matches the filter's fields
    beside it. A filter that cannot be understood matches nothing here: it would match all.
    Raises PermissionDenied for a user who may change no domain at all.
    """
    rows = writable(Domain.objects.all(), user)
    if not asked.get("all"):
        return rows.filter(pk__in=_uuids(asked.getlist("pick")))
    wanted = DomainFilter(asked)
    return wanted.apply(rows) if wanted.is_valid() else rows.none()


def back_to_list(asked: QueryDict) -> HttpResponse:
    """Return to the list as it was filtered when the domains were chosen."""
    kept = {name: asked[name] for name in (*DomainFilter.base_fields, "page") if asked.get(name)}
    return HttpResponseRedirect(f"{reverse('domain_list')}?{urlencode(kept)}".rstrip("?"))


def _uuids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(text))
    return found
