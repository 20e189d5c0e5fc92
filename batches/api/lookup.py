"""Find the row that an API URL names."""

from typing import Any

from django.http import Http404

from batches.models import LookupKeyError
from batches.models.keys import KeyedQuerySet
from scrapersky.tenants.access import check_writable, readable, tenant_id_of
from scrapersky.tenants.models import User
from scrapersky.web.api_errors import InputError


def find_readable(rows: KeyedQuerySet, user: User, **key: str) -> Any:
    """Return the readable row with a UUID or legacy id, passed under the parameter's name.

    Another tenant's row raises 404, like an unknown id.
    """
    [(name, value)] = key.items()
    visible: Any = readable(rows, user)
    try:
        match = visible.find(value)
    except LookupKeyError as error:
        raise InputError(name, str(error)) from error
    if match is None:
        kind = rows.model._meta.verbose_name
        raise Http404(f"There is no {kind} with the id {value}.")
    return match


def find_writable(rows: KeyedQuerySet, user: User, **key: str) -> Any:
    """Return the row to change; raise PermissionDenied if the user may only read it."""
    row = find_readable(rows, user, **key)
    check_writable(user, tenant_id_of(row))
    return row
