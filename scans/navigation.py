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


def position_of(domain: Domain, origin: str, at: str, user: User) -> ListPosition:
    """Return the position of a domain in the list it was opened from.

    `origin` is the list's name with its query string (`contacts?kind=email`), `at` the id of the
    row there; without them it is the list of all domains.
    """
    name, _, query = origin.partition("?")
    definition = find_list(name)
    if definition is None or not hasattr(definition.model, "domain_id"):
        definition = DOMAINS
    listing = ListQuery.of_text(definition, query if origin else "", user)
    before, after = _neighbours(listing, domain, at)
    label, url = _list_of(definition, query)
    return ListPosition(label, url, _link(before, origin), _link(after, origin))


def _neighbours(listing: ListQuery, domain: Domain, at: str) -> tuple[Any, Any]:
    """Return the rows of other domains before and after the domain's row."""
    definition = listing.definition
    row: Any = domain
    others = None
    if definition.model is not Domain:
        own = listing.rows.filter(domain=domain)
        row = (own.filter(pk__in=uuids([at])) if at else own).first()
        rest = definition.rows().exclude(domain=domain)
        others = ListQuery.of_text(definition, listing.params.urlencode(), listing.user, rest)
    try:
        return listing.neighbours(row, others) if row else (None, None)
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
    """Return the page of a row's domain, with the list and the row that it is in."""
    is_domain = isinstance(row, Domain)
    pk = row.pk if is_domain else getattr(row, "domain_id", None)
    if pk is None:
        return ""
    params = {} if is_domain else {"at": row.pk}
    params |= {"from": origin} if origin else {}
    return f"{reverse('domain_detail', args=[pk])}?{urlencode(params, quote_via=quote)}".rstrip("?")
