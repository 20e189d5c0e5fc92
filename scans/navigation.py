"""Links to the previous and next domain in the list that the user came from."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.http import QueryDict
from django.urls import reverse

from scans.lists import DOMAINS
from scans.models import Domain
from scrapersky.tenants.models import User
from scrapersky.web.lists.deadline import QueryTooSlow
from scrapersky.web.lists.definition import ListDefinition, find_list
from scrapersky.web.lists.query import ListQuery
from scrapersky.web.lists.selection import uuids

JOBS = "jobs"


@dataclass(frozen=True, slots=True)
class ListPosition:
    """A domain's position in a list: the list's URL and its neighbours' (empty at the ends)."""

    label: str
    url: str
    previous: str
    next: str


def position_of(domain: Domain, origin: str, user: User) -> ListPosition:
    """Return the position of a domain in the list it was opened from.

    `origin` is the list's name and query string (`domains?verdict=ok`); the default is the list of
    all domains.
    """
    name, _, query = origin.partition("?")
    definition = find_list(name) if name == JOBS else None
    listing = ListQuery.of_text(definition or DOMAINS, query if origin else "", user)
    row: Any = domain if definition is None else listing.rows.filter(domain=domain).first()
    before, after = _neighbours(listing, row)
    label, url = _list_of(listing.definition, query)
    return ListPosition(label, url, _link(before, origin), _link(after, origin))


def _neighbours(listing: ListQuery, row: Any) -> tuple[Any, Any]:
    try:
        return listing.neighbours(row) if row else (None, None)
    except QueryTooSlow:
        return None, None


def _list_of(definition: ListDefinition, query: str) -> tuple[str, str]:
    params = QueryDict(query, mutable=True)
    batch = uuids(params.getlist("batch")) if definition.name == JOBS else []
    if not batch:
        return definition.label, f"{definition.url}?{query}".rstrip("?")
    del params["batch"]
    url = reverse("batch_detail", args=[batch[0]])
    return "Results of the batch", f"{url}?{params.urlencode()}".rstrip("?")


def _link(row: Any, origin: str) -> str:
    """Return the URL of a domain's or job's domain page, with the list it belongs to."""
    pk = getattr(row, "domain_id", None) or (row.pk if isinstance(row, Domain) else None)
    if pk is None:
        return ""
    url = reverse("domain_detail", args=[pk])
    return f"{url}?{urlencode({'from': origin}, quote_via=quote)}" if origin else url
