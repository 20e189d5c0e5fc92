"""The rows selected for a bulk action: ticked ones, or all that match the filter."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.http import url_has_allowed_host_and_scheme

from scrapersky.tenants.access import writable, writable_tenants
from scrapersky.tenants.models import User
from scrapersky.web.lists.deadline import QueryTooSlow, deadline
from scrapersky.web.lists.definition import ListDefinition
from scrapersky.web.lists.query import ListQuery


@dataclass(frozen=True)
class Selection:
    """The selected rows of a list: `picked` ids, or all that match `query`."""

    definition: ListDefinition
    user: User
    takes_all: bool
    query: str
    picked: Sequence[UUID]

    @classmethod
    def of_post(cls, definition: ListDefinition, params: QueryDict, user: User) -> "Selection":
        """Parse the submitted form of a list.

        `pick` has ids of single rows; `all` selects every row that matches `query`, the list's
        query string.
        """
        takes_all = bool(params.get("all"))
        picked = [] if takes_all else uuids(params.getlist("pick"))
        return cls(definition, user, takes_all, params.get("query", ""), picked)

    @property
    def rows(self) -> QuerySet:
        """The selected rows that the user may change, unordered.

        An invalid filter matches nothing here, because ignoring it would match everything. Raises
        PermissionDenied if the user may change nothing.
        """
        rows = writable(self.definition.rows(), self.user)
        if not self.takes_all:
            return rows.filter(pk__in=self.picked)
        query = ListQuery.of_text(self.definition, self.query, self.user, base=rows)
        return rows.none() if query.errors else query.rows

    def rows_in(self, tenant_id: UUID) -> QuerySet:
        """Return the selected rows of one tenant."""
        return self.rows.filter(**{self.definition.tenant_path: tenant_id})

    def counts(self, limit: int) -> Iterator[tuple[UUID, int]]:
        """Yield each tenant with its number of selected rows, counted up to a limit.

        If counting takes too long, the limit is assumed.
        """
        if not self.takes_all:
            path = self.definition.tenant_path
            yield from self.rows.order_by(path).values_list(path).annotate(rows=Count("*"))
            return
        for tenant_id in writable_tenants(self.user).order_by("pk").values_list("pk", flat=True):
            try:
                with deadline():
                    count = self.rows_in(tenant_id).order_by()[:limit].count()
            except QueryTooSlow:
                count = limit
            if count:
                yield tenant_id, count


def back_to_list(definition: ListDefinition, params: QueryDict) -> HttpResponse:
    """Return to the page that had the form (`next`), or else to the list as it was shown.

    The list's query string is in `back`, or else in `query`.
    """
    page = str(params.get("next", ""))
    if url_has_allowed_host_and_scheme(page, allowed_hosts=None):
        return HttpResponseRedirect(page)
    shown = params.get("back") or params.get("query", "")
    return HttpResponseRedirect(f"{definition.url}?{shown}".rstrip("?"))


def uuids(texts: Sequence[str]) -> list[UUID]:
    """Return the unique ids among texts."""
    ids = []
    for text in texts:
        with suppress(ValueError):
            ids.append(UUID(text))
    return list(dict.fromkeys(ids))
