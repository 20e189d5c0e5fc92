"""Existing domains as the source of a batch: a saved list, a saved view, or a filter.

A source is identified by a key: `list:<id>`, `view:<id>` for a view of domains, or `filter:<query
string>`. Its domains are read when the batch is created.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from batches.models import RecurringBatch
from batches.services import at_once_limit
from scans.domain_lists.models import DomainList
from scans.domain_lists.services import domains_of
from scans.engine.lists.collection import AcceptedLine, ParsedList
from scans.lists import DOMAINS
from scans.models import Domain
from scrapersky.tenants.models import Tenant, User
from scrapersky.tenants.preferences import SavedView
from scrapersky.tenants.saved_views import openable_views
from scrapersky.web.lists.filters import BadValue
from scrapersky.web.lists.query import unknown_filters
from scrapersky.web.regional import grouped

LIST, VIEW, FILTER = "list", "view", "filter"
GONE = "This list or view does not exist any more. Choose another one."
# Maximum number of lists and views offered in a form.
MOST_OFFERED = 200
Choices = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """A source of a tenant's domains: its kind, its id or query, and its name."""

    kind: str
    value: str
    name: str
    domains: QuerySet[Domain]

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.value}"

    @property
    def metadata(self) -> dict[str, Any]:
        """The batch's metadata about its source."""
        return {"source": {"kind": self.kind, "value": self.value, "name": self.name}}

    def hosts(self) -> list[str]:
        """Return the current hosts, sorted; raise ValidationError if there are none."""
        hosts = list(self.domains.order_by("host").values_list("host", flat=True))
        if not hosts:
            raise ValidationError(f"“{self.name}” holds no domain now.")
        return hosts


def parsed_source(hosts: Sequence[str]) -> ParsedList:
    """Return hosts as a parsed list with one host per line."""
    lines = tuple(AcceptedLine(host, line) for line, host in enumerate(hosts, start=1))
    return ParsedList(lines, (), 0, 0)


def is_large(hosts: Sequence[str]) -> bool:
    """Return whether there are too many hosts to create a batch in one transaction."""
    return len(hosts) > at_once_limit()


def find_source(key: str, *, user: User | None, tenant: Tenant) -> Source:
    """Return the source with this key among a tenant's domains.

    Raises ValidationError if it does not exist or the user may not open it.
    """
    kind, _, value = key.partition(":")
    if kind == FILTER:
        return source_of_filter(value, tenant)
    row = _row(kind, value, user, tenant)
    if isinstance(row, DomainList):
        return source_of_list(row)
    if isinstance(row, SavedView):
        return source_of_view(row, tenant)
    raise ValidationError(GONE)


def source_of_schedule(recurring: RecurringBatch) -> Source:
    """Return the saved list or view of a schedule; raise ValidationError if it was deleted."""
    if recurring.domain_list is not None:
        return source_of_list(recurring.domain_list)
    if recurring.saved_view is not None:
        return source_of_view(recurring.saved_view, recurring.tenant)
    raise ValidationError(GONE)


def check_unused(row: DomainList) -> None:
    """Raise ValidationError, naming the schedules, if a saved list is used by any."""
    rows = RecurringBatch.objects.filter(domain_list=row.pk).order_by("name")
    names = [f"“{name}”" for name in rows.values_list("name", flat=True)[:5]]
    if names:
        raise ValidationError(
            f"The list is used by the schedule{'s' if len(names) > 1 else ''} {', '.join(names)}."
            " Delete them or choose another list there first."
        )


def _row(kind: str, value: str, user: User | None, tenant: Tenant) -> DomainList | SavedView | None:
    try:
        pk = UUID(value)
    except ValueError:
        return None
    if kind == LIST:
        return DomainList.objects.filter(tenant=tenant, pk=pk).first()
    return _views(user).filter(pk=pk).first() if kind == VIEW and user else None


def _views(user: User) -> QuerySet[SavedView]:
    return openable_views(user).filter(list_name=DOMAINS.name)


def source_of_list(row: DomainList) -> Source:
    """Return a saved list as a source."""
    domains = domains_of(row.pk).filter(tenant=row.tenant_id)
    return Source(LIST, str(row.pk), row.name, domains)


def source_of_view(view: SavedView, tenant: Tenant) -> Source:
    """Return a saved view of a tenant's domains as a source; raises ValidationError."""
    return Source(VIEW, str(view.pk), view.name, _matching(view.query, tenant))


def source_of_filter(query: str, tenant: Tenant) -> Source:
    """Return the domains that match a query string of the domain list as a source.

    Raises ValidationError for an invalid filter.
    """
    return Source(FILTER, query, _described(query), _matching(query, tenant))


def _matching(query: str, tenant: Tenant) -> QuerySet[Domain]:
    rows: QuerySet[Domain] = Domain.objects.filter(tenant=tenant)
    params = QueryDict(query)
    if unknown := unknown_filters(DOMAINS, params):
        raise ValidationError(list(unknown.values()))
    for name, item in DOMAINS.filter_by_name.items():
        try:
            rows = item.apply(rows, item.values(params.getlist(name)))
        except BadValue as error:
            raise ValidationError(f"{item.label}: {error}") from error
    return rows


def _described(query: str) -> str:
    params = QueryDict(query)
    parts = [
        f"{item.label}: {item.described(text)}"
        for name, item in DOMAINS.filter_by_name.items()
        for text in params.getlist(name)
        if text.strip()
    ]
    return ", ".join(parts)[:500] or "All domains"


def source_choices(user: User, tenant: Tenant, current: str = "") -> Choices:
    """Return the choices for a form: a tenant's lists and the views that a user may open.

    The current filter of the domain list, if any, is included.
    """
    lists = DomainList.objects.filter(tenant=tenant).order_by("name")[:MOST_OFFERED]
    views = _views(user).order_by("name")[:MOST_OFFERED]
    offered: Choices = [("", "Pasted or uploaded below")]
    if current.startswith(f"{FILTER}:"):
        offered.append((current, _described(current.partition(":")[2])))
    if lists:
        names = [(f"{LIST}:{row.pk}", f"{row.name} ({grouped(row.domain_count)})") for row in lists]
        offered.append(("Saved lists", names))
    if views:
        offered.append(("Saved views", [(f"{VIEW}:{view.pk}", view.name) for view in views]))
    return offered
