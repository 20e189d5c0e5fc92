"""Find the row that an address of the API names."""

from typing import Any

from django.http import Http404

from batches.models import LookupKeyError
from batches.models.keys import KeyedQuerySet
from scrapersky.tenants.access import visible
from scrapersky.tenants.models import User
from scrapersky.web.api_errors import InputError


def find(rows: KeyedQuerySet, user: User, **key: str) -> Any:
    """Return the one visible row of a UUID or legacy id, given under the name of its parameter.

    Another tenant's row does not exist: 404, as for an unknown id.
    """
    [(name, value)] = key.items()
    mine: Any = visible(rows, user)
    try:
        found = mine.find(value)
    except LookupKeyError as error:
        raise InputError(name, str(error)) from error
    if found is None:
        kind = rows.model._meta.verbose_name
        raise Http404(f"There is no {kind} with the id {value}.")
    return found
